import assert from "node:assert/strict";
import type { Context } from "@org/dispatch-core";
import { area } from "../case.ts";
import { everyTaskOnce } from "../invariants.ts";
import type { WorkerProcess } from "../world/worker-process.ts";
import type { World } from "../world/world.ts";

const takes =
  (world: World) =>
  async (ms: number, { signal }: Context, host: WorkerProcess) => {
    await world.sleep(ms, host, signal);
    return ms;
  };

/** A graceful stop: local, bounded, and without penalty for what is given back. */
export const stopCases = area("system", "stop", {
  "one-worker-leaves-others": {
    cites: ["I18", "L1"],
    expects: "stopping one worker of a queue leaves the others at work",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const [first, second] = [
        await world.worker({ handler: takes(world) }, { concurrency: 2 }),
        await world.worker({ handler: takes(world) }, { concurrency: 2 }),
      ];
      const run = dispatcher.run("default", Array(40).fill(100));
      await world.time.until(() => run.progress.completed >= 8, "both are at work");
      await world.time.wait(first.stop(), "one stops");
      const stoppedAt = world.clock.now();
      everyTaskOnce(await world.results(run), 40);
      const after = world.ledger.runs.filter(({ startedAt }) => startedAt > stoppedAt);
      assert.deepEqual([...new Set(after.map(({ worker }) => worker))], [second.id]);
      assert.equal(run.summary.lost + run.summary.retried, 0);
      assert.ok(
        world.ledger.runs.every(({ aborted }) => aborted === undefined),
        "a handler was aborted",
      );
    },
  },

  "drain-in-bound": {
    cites: ["I8", "I18"],
    isLong: true,
    expects:
      "a stop lets handlers finish for drainMs, then aborts them, and ends; what was begun goes on elsewhere, uncounted",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const drainMs = Math.max(world.leaseMs * 2, world.profile.pollMs);
      const deaf = async (ms: number, _: Context, host: WorkerProcess) => {
        await world.sleep(ms, host);
        return ms;
      };
      const worker = await world.worker({ handler: deaf }, { concurrency: 3, drainMs, abandonMs: 200 });
      const run = dispatcher.run("default", [drainMs / 2, drainMs * 2, drainMs * 2]);
      await world.time.until(() => world.ledger.runs.length === 3, "three begin");
      const waiting = dispatcher.run("default", [10]);
      await world.time.until(() => waiting.progress.sent === 1, "one more waits");
      const askedAt = world.clock.now();
      await world.time.wait(worker.stop(), "the worker stops");
      const tookMs = world.clock.now() - askedAt;
      assert.ok(tookMs >= drainMs && tookMs <= drainMs + 200 + world.slackMs, `I18: the stop took ${tookMs} ms`);
      assert.equal(world.ledger.runs.length, 3, "I18: a task was begun after the stop");
      for (const { payload, aborted } of world.ledger.runs)
        assert.equal(aborted, payload === drainMs / 2 ? undefined : "SHUTTING_DOWN", `the task of ${payload} ms`);
      await world.worker({ handler: deaf }, { timeoutMs: drainMs * 10 });
      const results = await world.results(run);
      everyTaskOnce(results, 3);
      const last = await world.results(waiting);
      everyTaskOnce(last, 1);
      for (const { outcome, attempts, lost } of [...results, ...last])
        assert.deepEqual([outcome, attempts, lost], ["completed", 1, 0]);
      const begun = world.events.named("queue_requeued").filter(({ reason }) => reason === "shutdown");
      assert.equal(begun.length, 2);
    },
  },

  "what-a-poll-still-brings-counts-nothing": {
    cites: ["I8", "I18"],
    expects: "what is sent while a worker stops, and is still brought to it, goes back within the stop, without a loss",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const options = { concurrency: 4, drainMs: world.profile.pollMs, maxLost: 1 };
      const workers = [];
      for (const _ of Array(3)) workers.push(await world.worker({ handler: takes(world) }, options));
      // So that each has asked.
      await world.time.pass(world.leaseMs / 50);
      const stopping = Promise.all(workers.map((worker) => worker.stop()));
      const run = dispatcher.run("default", Array(12).fill(10));
      await world.time.wait(stopping, "the workers stop");
      assert.deepEqual(world.ledger.runs, [], "I18: a task was begun after the stop");
      await world.worker({ handler: takes(world) }, options);
      const results = await world.results(run);
      everyTaskOnce(results, 12);
      for (const { outcome, attempts, lost } of results)
        assert.deepEqual([outcome, attempts, lost], ["completed", 1, 0], "I8");
    },
  },

  "prefetched-returned": {
    cites: ["I8", "I18"],
    expects: "what a worker holds and has not begun is given back at once when it stops, without penalty",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      // A broker so far away makes a worker take frames in advance, also where a task of 10 ms takes a busy machine many times that.
      // None ends before frames were taken in advance: how long they take is known then, and fewer are taken.
      const { promise: enough, resolve: seen } = Promise.withResolvers<void>();
      const handler = async (ms: number, { signal }: Context, host: WorkerProcess) => {
        if (ms >= 400) await enough;
        await world.sleep(ms, host, signal);
        return ms;
      };
      const worker = await world.worker({ handler }, { concurrency: 2 }, (process) =>
        process.intercept("receive", async ({ proceed }) => {
          const answer = await proceed();
          await new Promise<void>((resolve) => process.clock.after(world.leaseMs / 5, resolve));
          return answer;
        }),
      );
      const quick = dispatcher.run("default", Array(30).fill(10));
      everyTaskOnce(await world.results(quick), 30);
      // What has a result is not acked yet everywhere.
      await world.time.until(() => worker.worker.status.held === 0, "the quick ones are settled");
      const run = dispatcher.run("default", Array(30).fill(400));
      // More than its slots and one for each further lane: how many more follows from how long the quick ones took.
      await world.time.until(() => worker.worker.status.held > 4, "frames are taken in advance");
      // At one moment: what has just come may begin in the next.
      const { held, running } = worker.worker.status;
      const begun = world.ledger.runs.length;
      const askedAt = world.clock.now();
      const stopped = worker.stop();
      seen();
      await world.worker({ handler: takes(world) }, { concurrency: 100 });
      // A probe of the run's end may be among them, which no handler runs: there are no more than 60 tasks.
      const due = Math.min(60, begun + held - running);
      await world.time.until(() => world.ledger.runs.length >= due, "another worker gets them");
      const waitedMs = world.clock.now() - askedAt;
      // With their leases they would come later: each was renewed not longer ago than a third of one.
      assert.ok(waitedMs < (world.leaseMs * 2) / 3, `I18: what was not begun came back after ${waitedMs} ms only`);
      await world.time.wait(stopped, "the worker stops");
      const results = await world.results(run);
      everyTaskOnce(results, 30);
      for (const { attempts, lost } of results) assert.deepEqual([attempts, lost], [1, 0]);
      // What was on its way when the stop began is given back, too.
      const { status } = worker.worker;
      assert.equal(status.held, 0, "it still holds frames");
      // Where whole partitions are shared, the other worker may have taken one of them first, and with it what was held of it.
      const byItself = world.profile.sharing === "message" ? due - begun : 1;
      assert.ok(status.released >= byItself, `only ${status.released} of ${held - running} were given back`);
    },
  },
});
