import assert from "node:assert/strict";
import type { Delivery, Page } from "@org/dispatch-core/contract";
import { area, verbs } from "../case.ts";
import { Bare, frameOf, never, REPLY, textsOf } from "../world/bare.ts";
import { DEAD, WORK, type World } from "../world/world.ts";

const five = ["a", "b", "c", "d", "e"];

/** Two of five are held: any two where the broker keeps no order. */
const filled = async (world: World, queue = WORK): Promise<[Bare, readonly Delivery[]]> => {
  const bare = await Bare.open(world, [queue, REPLY]);
  await bare.send(five, queue);
  const held = await bare.receiveAll(2, { max: 2 }, queue);
  if (world.profile.sendDelayMs >= 60_000) await bare.send([frameOf("later", { delayMs: 60_000 })], queue);
  return [bare, held];
};

/** Looking into a queue, emptying it, and the end of a connection. */
export const seamLookCases = [
  ...area("seam", "depth", {
    "after-quiet": {
      cites: ["I20"],
      expects:
        "when nothing moves, depth says what is ready, leased and delayed; where the profile says so, no more than what is ready and held here",
      when: verbs("depth"),
      async run(world) {
        const [bare, held] = await filled(world);
        const depth = async () => bare.backend.depth?.(WORK, never);
        const { sendDelayMs, depthShows = "all" } = world.profile;
        const delayed = sendDelayMs >= 60_000 && depthShows === "all" ? 1 : 0;
        const found = await world.time.wait(depth(), "depth answers");
        assert.equal((found?.ready ?? 0) + (found?.leased ?? 0) + (found?.delayed ?? 0), 5 + delayed);
        if (found?.exact === true) assert.deepEqual(found, { ready: 3, leased: 2, delayed, exact: true });
        await bare.ack(...held);
        const after = await world.time.wait(depth(), "depth answers");
        assert.deepEqual([after?.ready, after?.leased], [3, 0]);
      },
    },
  }),

  ...area("seam", "browse", {
    "takes-nothing": {
      cites: ["I1", "I6"],
      expects: "looking at dead letters, page by page, shows each once and changes nothing",
      when: verbs("browse"),
      async run(world) {
        const [bare, held] = await filled(world, DEAD);
        const ready = five.filter((text) => !textsOf(held).includes(text));
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await world.time.wait(
            bare.backend.browse?.(DEAD, { cursor, max: 2 }, never) ?? Promise.reject(),
            "browse answers",
          );
          assert.ok(page.frames.length <= 2, "a page is larger than asked for");
          seen.push(...textsOf(page.frames.filter(({ state }) => state === "ready")));
          cursor = page.cursor;
        } while (cursor !== undefined);
        assert.deepEqual(seen.sort(), ready);
        assert.deepEqual(await bare.ack(...held), ["ok", "ok"]);
        const rest = await bare.receiveAll(3, {}, DEAD);
        assert.deepEqual(textsOf(rest).sort(), ready);
        assert.ok(
          rest.every(({ redelivery }) => redelivery === 0),
          "I8: a look has counted as a grant",
        );
      },
    },
  }),

  ...area("seam", "browse", {
    "left-early": {
      cites: ["I6"],
      expects:
        "a look that is left after its first page, which a page of max 0 at its cursor says, leaves everything to whoever receives",
      when: verbs("browse"),
      async run(world) {
        const bare = await Bare.open(world, [DEAD]);
        await bare.send(five, DEAD);
        const browse = (page: Page) =>
          world.time.wait(bare.backend.browse?.(DEAD, page, never) ?? Promise.reject(), "browse answers");
        const { cursor } = await browse({ max: 2 });
        assert.notEqual(cursor, undefined, "a page of two of five is taken for the last one");
        await browse({ cursor, max: 0 });
        assert.deepEqual(textsOf(await bare.receiveAll(5, {}, DEAD)).sort(), five);
      },
    },
  }),

  ...area("seam", "purge", {
    "ready-only": {
      cites: ["I6", "I20"],
      expects:
        "purge removes what is ready, and delayed where the profile says so, says how many, and leaves what is leased",
      when: verbs("purge"),
      async run(world) {
        const [bare, held] = await filled(world);
        const { sendDelayMs, purgesDelayed = true, depthShows = "all" } = world.profile;
        const delayed = sendDelayMs >= 60_000 && purgesDelayed ? 1 : 0;
        assert.equal(
          await world.time.wait(bare.backend.purge?.(WORK, never) ?? Promise.reject(), "purge answers"),
          3 + delayed,
        );
        assert.deepEqual(await bare.receive({ waitMs: 0 }), []);
        assert.deepEqual(await bare.release(0, ...held), ["ok", "ok"]);
        assert.deepEqual(textsOf(await bare.receiveAll(2)).sort(), textsOf(held).sort());
        const isSeen = world.profile.verbs.includes("depth") && depthShows === "all";
        if (purgesDelayed || sendDelayMs < 60_000 || !isSeen) return;
        const depth = await world.time.wait(bare.backend.depth?.(WORK, never) ?? Promise.reject(), "depth answers");
        assert.equal(depth.delayed, 1, "I1: purge has taken what is delayed, which the profile denies");
      },
    },
  }),

  ...area("seam", "close", {
    "idempotent-and-concurrent": {
      cites: ["L1"],
      expects: "close may be called twice, at once and beside a receive that waits, which then ends",
      async run(world) {
        const bare = await Bare.open(world);
        const want = { max: 1, waitMs: world.leaseMs * 100, leaseMs: world.leaseMs };
        const waiting = bare.backend.receive(WORK, want, never).catch(() => []);
        await world.time.pass(10);
        await world.time.wait(Promise.all([bare.backend.close(), bare.backend.close()]), "close answers");
        await world.time.wait(bare.backend.close(), "close answers once more");
        const endedAt = world.clock.now();
        assert.deepEqual(await world.time.wait(waiting, "the waiting receive ends"), []);
        assert.ok(world.clock.now() - endedAt <= world.profile.pollMs + world.slackMs, "it went on waiting");
      },
    },
  }),
];
