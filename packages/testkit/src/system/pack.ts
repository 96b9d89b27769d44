import assert from "node:assert/strict";
import { type Context, Retry } from "@org/dispatch-core";
import { area } from "../case.ts";
import { attemptsAgree, everyTaskOnce, fencesRise, valueIsOfItsAttempt } from "../invariants.ts";
import type { SentFrame } from "../world/process.ts";
import type { WorkerProcess } from "../world/worker-process.ts";
import type { World } from "../world/world.ts";

/** Packs of a known size, whatever the number of workers. */
const packsOf = (size: number) => ({ packs: true, initialBatchSize: size, maxBatchSize: size });

/** How many tasks there were in each frame that was sent first, in order. */
function packSizes(sent: readonly SentFrame[]): number[] {
  return sent
    .filter(({ queue, frame }) => queue.role === "work" && frame.first && frame.name.endsWith("#0.0~0"))
    .map(({ frame }) => Number(/\+(\d+)#/.exec(frame.name)?.[1] ?? 1));
}

/** The names, without their run, of what was sent on, whole packs too. */
function copies(world: World): string[] {
  return world.sent
    .filter(({ queue, frame }) => !["reply", "dead"].includes(queue.role) && !frame.name.endsWith("#0.0~0"))
    .map(({ frame }) => frame.name.slice(frame.name.indexOf("/") + 1));
}

/** Packs: several tasks in one frame, each with its own verdict. */
export const packCases = area("system", "pack", {
  "partial-failure-copies-only-the-failed": {
    cites: ["I1", "I3", "I4", "I8", "I16"],
    expects:
      "of a pack only the tasks that failed are sent again, each alone and under its own name; the others are done",
    async run(world) {
      const { dispatcher } = await world.dispatcher(packsOf(10));
      const handler = (n: number, { attempt }: Context) => {
        if (n % 5 === 0 && attempt === 1) throw new Retry("not yet", { delayMs: 100 });
        return { n, attempt };
      };
      await world.worker({ handler }, { concurrency: 10 });
      const results = await world.results(dispatcher.run("default", Array(40).keys()));
      everyTaskOnce(results, 40);
      assert.deepEqual(packSizes(world.sent), [10, 10, 10, 10]);
      for (const result of results) {
        const attempts = result.index % 5 === 0 ? 2 : 1;
        assert.deepEqual(
          [result.outcome, result.attempts, result.lost],
          ["completed", attempts, 0],
          `I8: ${result.id}`,
        );
        attemptsAgree(result, world.ledger);
        valueIsOfItsAttempt(result, world.ledger);
      }
      assert.equal(world.ledger.runs.length, 48, "I4: what had succeeded was run again");
      const retried = copies(world).filter((name) => name.endsWith("#0.1~0"));
      assert.deepEqual(retried.length, 8);
      assert.ok(!retried.some((name) => name.includes("+")), "a retry travels alone");
      fencesRise(world.ledger, false);
    },
  },

  "lost-once-runs-whole": {
    cites: ["I5", "I8", "L1"],
    endsSessions: true,
    expects: "a pack whose holder crashed runs again as it is, with a loss more",
    async run(world) {
      const { dispatcher } = await world.dispatcher(packsOf(6));
      const hangs = (_: number, __: Context, host: WorkerProcess) => world.sleep(1e9, host);
      const options = { concurrency: 1, targetPackMs: 1e9 };
      const first = await world.worker({ handler: hangs }, options);
      const run = dispatcher.run("default", Array(12).keys());
      await world.time.until(() => world.ledger.runs.length === 1, "a pack begins");
      const begun = Number(world.ledger.runs[0]?.id.split("/")[1]);
      first.crash();
      await world.worker({ handler: (n: number) => n }, options);
      const results = await world.results(run);
      everyTaskOnce(results, 12);
      for (const { index, outcome, attempts, lost } of results) {
        const [from, to] = begun < 6 ? [0, 6] : [6, 12];
        const least = index >= from && index < to ? 1 : 0;
        assert.deepEqual([outcome, attempts], ["completed", 1], "I8");
        assert.ok(lost >= least && lost <= 1, `I8: task ${index} of the pack has ${lost} losses`);
      }
      assert.ok(!copies(world).some((name) => !name.includes("+")), "it was split after one loss");
      fencesRise(world.ledger, false);
    },
  },

  "lost-twice-is-split": {
    cites: ["I8", "I10", "L1"],
    endsSessions: true,
    expects: "a pack that was lost twice is split before anything of it runs, so that a poison task ends dead alone",
    async run(world) {
      const { dispatcher } = await world.dispatcher(packsOf(10));
      const handler = async (payload: unknown, _context: Context, host: WorkerProcess) => {
        await world.sleep(20, host);
        if (payload !== "poison") return payload;
        host.crash();
        return new Promise(() => {});
      };
      await world.supervise({ handler }, { concurrency: 4 });
      const run = dispatcher.run("default", [...Array(15).keys(), "poison", ...Array(24).keys()]);
      const results = await world.results(run);
      everyTaskOnce(results, 40);
      for (const { index, outcome, error, lost, attempts } of results) {
        if (index !== 15)
          assert.equal(outcome, "completed", `I10: a neighbour of the poison is ${outcome}, ${error?.code}`);
        else assert.deepEqual([outcome, error?.code, lost, attempts], ["dead", "LOST", 4, 0]);
      }
      assert.equal(world.ledger.runs.filter(({ payload }) => payload === "poison").length, 4);
      const splits = world.events.named("queue_requeued").filter(({ reason }) => reason === "split");
      assert.ok(splits.length >= 10, "the pack with the poison was not split");
      if (world.profile.verbs.includes("move")) assert.equal((await world.deadLetters()).length, 1);
    },
  },

  "drain-mid-pack-runs-nothing-twice": {
    cites: ["I1", "I4", "I8", "I18"],
    expects:
      "a worker that stops in the middle of a pack ends what runs and sends on what has not begun; nothing is run twice",
    async run(world) {
      const { dispatcher } = await world.dispatcher(packsOf(10));
      const takesMs = Math.max(200, world.profile.pollMs / 10);
      const handler = async (n: number, _context: Context, host: WorkerProcess) => {
        await world.sleep(takesMs, host);
        return n;
      };
      const options = { concurrency: 3, drainMs: takesMs * 4 + world.profile.pollMs, targetPackMs: 1e9 };
      const worker = await world.worker({ handler }, options);
      const run = dispatcher.run("default", Array(20).keys());
      await world.time.until(() => world.ledger.runs.length >= 5, "the pack is at work");
      const stopped = worker.stop();
      await world.worker({ handler }, options);
      await world.time.wait(stopped, "the worker stops");
      const results = await world.results(run);
      everyTaskOnce(results, 20);
      for (const { outcome, attempts, lost } of results)
        assert.deepEqual([outcome, attempts, lost], ["completed", 1, 0], "I8");
      assert.equal(world.ledger.runs.length, 20, "I4: a task was run twice");
      assert.ok(
        copies(world).some((name) => !name.includes("+")),
        "nothing was sent on: the case shows nothing",
      );
    },
  },

  "outlived-is-sent-on": {
    cites: ["I1", "I4", "I8"],
    expects:
      "what has not begun of a pack that is at work for four times as long as it should be is sent on, and others take it",
    async run(world) {
      const { dispatcher } = await world.dispatcher(packsOf(8));
      // Longer than it takes to see that the pack was given up.
      const takesMs = 1_000 + world.slackMs;
      const handler = async (_n: number, _context: Context, host: WorkerProcess) => {
        await world.sleep(takesMs, host);
        return host.process.name;
      };
      const worker = await world.worker({ handler }, { concurrency: 1, targetPackMs: 100 });
      const run = dispatcher.run("default", Array(16).keys());
      await world.time.until(() => copies(world).length >= 7, "the pack is given up");
      assert.equal(world.ledger.runs.length, 1);
      const startedAt = world.ledger.runs[0]?.startedAt ?? 0;
      assert.ok(world.clock.now() - startedAt >= 400, "it was given up too early");
      await world.worker({ handler }, { concurrency: 8, targetPackMs: 100 });
      const results = await world.results(run);
      everyTaskOnce(results, 16);
      for (const { outcome, attempts, lost } of results)
        assert.deepEqual([outcome, attempts, lost], ["completed", 1, 0], "I8");
      assert.equal(world.ledger.runs.length, 16, "I4: a task was run twice");
      assert.ok(
        results.some(({ value }) => value !== worker.process.name),
        "no other worker had a part of it",
      );
    },
  },

  "adaptive-size-within-bounds": {
    cites: ["I3"],
    expects: "packs hold what makes up targetPackMs: short tasks come in full packs, long ones alone",
    async run(world) {
      // A handler of one millisecond takes as long as its process has other things to do, where the clock is the machine's.
      const shortMs = world.time.isVirtual ? 100 : 2_000;
      for (const [takesMs, targetPackMs, least, most] of [
        [1, shortMs, 20, 20],
        [400, 100, 1, 1],
      ] as const) {
        const { dispatcher } = await world.dispatcher({
          packs: true,
          initialBatchSize: 4,
          maxBatchSize: 20,
          targetPackMs,
        });
        const handler = async (n: number, _context: Context, host: WorkerProcess) => {
          await world.sleep(takesMs, host);
          return n;
        };
        const worker = await world.worker({ handler }, { concurrency: 20, targetPackMs });
        const from = world.sent.length;
        const count = takesMs === 1 ? 800 : 60;
        const results = await world.results(dispatcher.run("default", Array(count).keys(), { maxInFlight: count / 4 }));
        everyTaskOnce(results, count);
        const packs = packSizes(world.sent.slice(from));
        assert.ok(Math.max(...packs) <= 20, `a pack of ${Math.max(...packs)} tasks`);
        assert.ok((packs[0] ?? 0) <= 4, `the first pack had ${packs[0]} tasks`);
        const settled = packs.slice(Math.floor(packs.length / 2));
        const median = settled.sort((a, b) => a - b)[Math.floor(settled.length / 2)] ?? 0;
        assert.ok(median >= least && median <= most, `tasks of ${takesMs} ms came in packs of ${median}`);
        await world.time.wait(worker.stop(), "the worker stops");
      }
    },
  },

  "tail-is-shared": {
    cites: ["I3"],
    expects: "the last tasks of a run come in packs so small that each worker has a part of them",
    when: ({ sharing }) => sharing === "message" || "sharing of partitions: who gets which frame is the log's business",
    async run(world) {
      const { dispatcher } = await world.dispatcher({ packs: true });
      // Long against a round trip to the broker: else whoever asks first has done it all before the others come.
      const takesMs = world.time.isVirtual ? 10 : 200;
      const handler = async (_: number, __: Context, host: WorkerProcess) => {
        await world.sleep(takesMs, host);
        return host.process.name;
      };
      for (const _ of Array(4)) await world.worker({ handler }, { concurrency: 5 });
      // So that it is known how long a task takes, and how many workers there are.
      everyTaskOnce(await world.results(dispatcher.run("default", Array(200).keys())), 200);
      const from = world.sent.length;
      const results = await world.results(dispatcher.run("default", Array(40).keys()));
      everyTaskOnce(results, 40);
      const sizes = packSizes(world.sent.slice(from));
      assert.ok(Math.max(...sizes) <= 5, `40 tasks for four workers came in packs of ${sizes}`);
      const shares = new Set(results.map(({ value }) => value));
      assert.ok(shares.size >= 3, `only ${shares.size} of four workers had a part of the tail`);
    },
  },
});
