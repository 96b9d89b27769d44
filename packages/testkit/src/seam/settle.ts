import assert from "node:assert/strict";
import { type Delivery, UNLIMITED } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { Bare, never, textsOf } from "../world/bare.ts";
import { ownSessions } from "../world/facts.ts";
import type { World } from "../world/world.ts";

const taken = async (world: World, ...texts: string[]): Promise<[Bare, Delivery[]]> => {
  const bare = await Bare.open(world);
  await bare.send(texts);
  const held = [...(await bare.receiveAll(texts.length))];
  // Not where the broker keeps their order within a partition only.
  return [bare, held.sort((one, other) => Buffer.compare(one.bytes, other.bytes))];
};

/** Takes, lets go in some way, and takes again: what `redelivery` says each time. */
const countsAfter = async (world: World, ...ends: readonly ("release" | "lose")[]) => {
  let [bare, [held]] = await taken(world, "a");
  const counts = [held?.redelivery];
  for (const end of ends) {
    if (end === "release") await bare.release(0, held as Delivery);
    // A lease of a session ends with it.
    else if (world.profile.lease.kind === "session") {
      bare.process.crash();
      bare = await Bare.open(world);
    } else await world.time.pass(world.leaseMs + world.slackMs);
    [held] = await bare.receive({ waitMs: world.lossMs * 2 });
    counts.push(held?.redelivery);
  }
  return counts;
};

/** Settlements: once, fenced, and counted as the profile says. */
export const seamSettleCases = area("seam", "settle", {
  "twice-never-throws": {
    cites: ["I11"],
    expects: "a second settlement of a receipt is ok or lost, changes nothing and never throws",
    async run(world) {
      const [bare, [a, b, c]] = (await taken(world, "a", "b", "c")) as [Bare, [Delivery, Delivery, Delivery]];
      for (const first of [() => bare.ack(a), () => bare.release(0, b)]) assert.deepEqual(await first(), ["ok"]);
      for (const again of [
        () => bare.ack(a, a),
        () => bare.release(0, a),
        () => bare.ack(b),
        () => bare.release(0, c, c),
      ]) {
        for (const outcome of await again())
          assert.ok(outcome === "ok" || outcome === "lost", `I11: ${String(outcome)}`);
      }
      const got = textsOf(await bare.receiveAll(4)).sort();
      // A late ack may have ended what it had released.
      const isLate = world.profile.fencing !== "strict" && !got.includes("b");
      assert.deepEqual(got, isLate ? ["c"] : ["b", "c"]);
    },
  },

  "stale-holder-cannot-ack": {
    cites: ["I4", "I6"],
    expects: "where fencing is strict, a holder whose lease is over is refused, and the next holder keeps the frame",
    when: ({ fencing }) => fencing === "strict" || `fencing ${fencing}`,
    async run(world) {
      const [bare, stale] = await taken(world, "a");
      await world.time.pass(world.leaseMs + world.slackMs);
      const [current] = await bare.receive({ waitMs: world.lossMs * 2 });
      assert.ok(current !== undefined, "I1: the frame did not come again");
      assert.deepEqual(await bare.ack(...stale), ["lost"], "I4: a stale holder was heard");
      assert.deepEqual(await bare.release(0, ...stale), ["lost"], "I4: a stale holder was heard");
      assert.deepEqual(await bare.ack(current), ["ok"]);
    },
  },

  "batch-mixed": {
    cites: ["I11"],
    expects: "acks and releases of one batch are answered one by one, in order",
    async run(world) {
      const [bare, [a, b, c]] = (await taken(world, "a", "b", "c")) as [Bare, [Delivery, Delivery, Delivery]];
      await bare.ack(b);
      const outcomes = await world.time.wait(
        bare.backend.settle(
          [
            { kind: "ack", receipt: b.receipt },
            { kind: "release", receipt: a.receipt, delayMs: 0 },
            { kind: "ack", receipt: c.receipt },
          ],
          new AbortController().signal,
        ),
        "settle answers",
      );
      assert.deepEqual(outcomes.slice(1), ["ok", "ok"]);
      assert.equal(outcomes[0], world.profile.fencing === "strict" ? "lost" : outcomes[0]);
      assert.deepEqual(textsOf(await bare.receive()), ["a"]);
    },
  },

  "release.now": {
    cites: ["I8", "L1"],
    expects: "a released frame is there again at once",
    async run(world) {
      const [bare, held] = await taken(world, "a");
      const { askedAt } = bare;
      assert.deepEqual(await bare.release(0, ...held), ["ok"]);
      assert.deepEqual(textsOf(await bare.receive({ waitMs: world.leaseMs * 2 })), ["a"]);
      assert.ok(world.clock.now() - askedAt < world.leaseMs, "it came back with its lease only");
    },
  },

  "release.keeps-its-place": {
    cites: ["I13"],
    expects:
      "where the order is that of the sends, what is given back, in whatever order, or comes back with its lease stands again before what was sent after it",
    when: ({ order, lease }) => (order !== "fifo" ? `order ${order}` : lease.kind === "timed" || `lease ${lease.kind}`),
    async run(world) {
      const [bare, held] = await taken(world, "a", "b", "c", "d");
      const [a, b, c, d] = held as [Delivery, Delivery, Delivery, Delivery];
      await bare.send(["e"]);
      // In one call, and in several; two are left to their leases.
      assert.deepEqual(await bare.release(0, c, a), ["ok", "ok"]);
      assert.deepEqual(textsOf(await bare.receiveAll(3, { max: 1 })), ["a", "c", "e"]);
      await world.time.pass(world.leaseMs + world.slackMs);
      for (const stale of [b, d]) assert.equal(stale.redelivery, 0);
      assert.deepEqual(textsOf(await bare.receiveAll(5, { max: 1 })), ["a", "b", "c", "d", "e"]);
    },
  },

  "release.honours-delay": {
    cites: ["I14"],
    expects: "a frame that is released for later comes neither before nor long after",
    when: ({ releaseDelayMs }) => releaseDelayMs >= 2_000 || `releaseDelayMs ${releaseDelayMs}`,
    async run(world) {
      const [bare, held] = await taken(world, "a");
      const releasedAt = world.clock.now();
      assert.deepEqual(await bare.release(2_000, ...held), ["ok"]);
      assert.deepEqual(textsOf(await bare.receive({ waitMs: 10_000 })), ["a"]);
      const waitedMs = world.clock.now() - releasedAt;
      const most = 2_000 + world.profile.limits.delayPrecisionMs + world.slackMs;
      assert.ok(waitedMs >= 2_000 && waitedMs <= most, `I14: it came after ${waitedMs} ms`);
    },
  },

  "release.counted-as-the-profile-says": {
    cites: ["I8"],
    expects: "redelivery counts releases where the profile says grants, and does not where it says losses",
    when: ({ redelivery }) => redelivery !== "once" || "redelivery once",
    async run(world) {
      const counts = await countsAfter(world, "release", "release");
      assert.deepEqual(counts, world.profile.redelivery === "grants" ? [0, 1, 2] : [0, 0, 0]);
    },
  },

  "losses-counted-as-the-profile-says": {
    cites: ["I8"],
    endsSessions: true,
    expects: "redelivery counts the holders that were lost; with `once`, it may say no more than that there was one",
    when: ownSessions,
    async run(world) {
      const { redelivery } = world.profile;
      const counts = await countsAfter(world, "lose", "release", "lose");
      if (redelivery !== "once") {
        assert.deepEqual(counts, redelivery === "grants" ? [0, 1, 2, 3] : [0, 1, 1, 2]);
        return;
      }
      assert.equal(counts[0], 0, "I8: a first grant counts nothing");
      for (const count of counts) assert.ok(count === 0 || count === 1, `I8: redelivery once, and it says ${count}`);
    },
  },

  "stale-holder-is-documented": {
    cites: ["I4", "I11"],
    expects:
      "where fencing is not strict, a holder whose lease is over is answered ok or lost and does no harm but to end the task early",
    when: ({ fencing }) => fencing !== "strict" || "fencing strict",
    async run(world) {
      const [bare, stale] = await taken(world, "a", "b");
      await world.time.pass(world.leaseMs + world.slackMs);
      const current = await bare.receiveAll(2, { waitMs: world.lossMs * 2 });
      assert.deepEqual(textsOf(current).sort(), ["a", "b"], "I1: the frames did not come again");
      for (const outcome of [...(await bare.ack(...stale)), ...(await bare.ack(...current))])
        assert.ok(outcome === "ok" || outcome === "lost", `I11: ${JSON.stringify(outcome)}`);
      await world.time.pass(world.leaseMs + world.slackMs);
      assert.deepEqual(await bare.receive(), [], "I4: what was acked came again");
    },
  },

  "release.refused": {
    cites: ["I1", "I11"],
    expects:
      "a release for longer than releaseDelayMs is an outcome of its own, failed; its frame stays held, the others of its batch are released",
    when: ({ releaseDelayMs }) => releaseDelayMs < UNLIMITED || "releaseDelayMs UNLIMITED",
    async run(world) {
      const [bare, [a, b]] = (await taken(world, "a", "b")) as [Bare, [Delivery, Delivery]];
      const { releaseDelayMs } = world.profile;
      const outcomes = await world.time.wait(
        bare.backend.settle(
          [
            { kind: "release", receipt: a.receipt, delayMs: releaseDelayMs + 1_000 },
            { kind: "release", receipt: b.receipt, delayMs: 0 },
          ],
          never,
        ),
        "settle answers",
      );
      assert.ok(typeof outcomes[0] === "object", `I11: the answer is ${String(outcomes[0])}, not failed`);
      assert.equal(outcomes[1], "ok");
      assert.deepEqual(await bare.renew(a), ["ok"], "I1: what was not released is not held any more");
      assert.deepEqual(textsOf(await bare.receive({ waitMs: world.leaseMs / 2 })), ["b"]);
      assert.deepEqual(await bare.ack(a), ["ok"]);
    },
  },
});
