import assert from "node:assert/strict";
import { type Context, DispatchError } from "@org/dispatch-core";
import type { Result } from "@org/dispatch-core/contract";
import { area, verbs } from "../case.ts";
import { booksAddUp, everyTaskOnce } from "../invariants.ts";
import type { WorkerProcess } from "../world/worker-process.ts";
import type { World } from "../world/world.ts";

const hangs =
  (world: World) =>
  async (n: number, { signal }: Context, host: WorkerProcess) => {
    if (n % 2 === 1) await world.sleep(world.leaseMs * 2, host, signal);
    return n;
  };

/** How a run ends, and what it holds meanwhile. */
export const runCases = area("system", "result", {
  "run.global-timeout-partial": {
    cites: ["I1", "I3"],
    expects: "a run that takes too long ends with what it has, the rest expired, and a typed error",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      await world.worker({ handler: hangs(world) }, { concurrency: 20 });
      const run = dispatcher.run("default", Array(10).keys(), { globalTimeoutMs: world.leaseMs });
      const results: Result[] = [];
      const collect = async () => {
        for await (const result of run) results.push(result);
      };
      const startedAt = world.clock.now();
      await assert.rejects(
        world.time.wait(collect(), "the run ends"),
        (error) => error instanceof DispatchError && error.code === "TIMED_OUT",
      );
      const tookMs = world.clock.now() - startedAt;
      assert.ok(tookMs <= world.leaseMs + world.slackMs, `the run ended after ${tookMs} ms`);
      everyTaskOnce(results, 10);
      booksAddUp(run.summary, results);
      for (const { index, outcome } of results) assert.equal(outcome, index % 2 === 1 ? "expired" : "completed");
      await assert.rejects(run.finished(), { code: "TIMED_OUT" });
    },
  },

  "left-behind-expires-unread": {
    cites: ["I1", "I14"],
    expects: "what a timed-out run leaves in the queue is never begun",
    when: verbs("depth"),
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const run = dispatcher.run("default", Array(10).keys(), { globalTimeoutMs: 1_000 + world.slackMs });
      await assert.rejects(world.time.wait(run.finished(), "the run ends"), { code: "TIMED_OUT" });
      assert.equal(run.summary.expired, 10);
      await world.worker({ handler: () => "too late" });
      await world.time.until(() => world.events.count("task_expired") === 10, "all expire");
      await world.rest();
      assert.deepEqual(world.ledger.runs, []);
      assert.equal(world.events.count("task_ended"), 10);
    },
  },

  "run.cancel-ends-at-once": {
    cites: ["I3", "I4"],
    expects: "cancel ends what is outstanding as cancelled, at once; late results are counted, never accepted",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      await world.worker({ handler: hangs(world) }, { concurrency: 20 });
      const run = dispatcher.run("default", Array(10).keys());
      const results = world.results(run);
      await world.time.until(() => run.progress.completed === 5, "half of them complete");
      const cancelledAt = world.clock.now();
      run.cancel();
      everyTaskOnce(await results, 10);
      assert.ok(world.clock.now() - cancelledAt <= world.slackMs, "cancel took its time");
      for (const { index, outcome, error } of await results) {
        assert.deepEqual(
          [outcome, error?.code],
          index % 2 === 1 ? ["cancelled", "CANCELLED"] : ["completed", undefined],
        );
      }
      booksAddUp(run.summary, await results);
      await world.time.until(() => world.events.count("result_duplicate") === 5, "the late results are counted");
      assert.equal(world.events.count("task_ended"), 10);
      assert.equal(run.summary.cancelled, 5);
    },
  },

  "run.bounded-memory": {
    cites: ["I19"],
    expects: "a run holds no more than its window, in tasks and in bytes, however many inputs there are",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      await world.worker({ handler: (payload: { n: number }) => payload.n }, { concurrency: 20 });
      const total = 3_000;
      let [read, done, most] = [0, 0, 0];
      const watched = function* (pad: string) {
        for (; read < total; read += 1) {
          most = Math.max(most, read - done);
          yield { n: read, pad };
        }
      };
      const count = async (run: AsyncIterable<Result>) => {
        const seen = new Set<number>();
        for await (const { index, outcome } of run) {
          done += 1;
          seen.add(index);
          assert.equal(outcome, "completed");
        }
        assert.equal(seen.size, total, "I1: not a result for each input");
      };
      await world.time.wait(count(dispatcher.run("default", watched(""), { maxInFlight: 50 })), "the run ends");
      assert.ok(most <= 50, `I19: ${most} tasks were in flight, maxInFlight is 50`);
      [read, done, most] = [0, 0, 0];
      const bytes = { maxInFlightBytes: 20_000 };
      await world.time.wait(count(dispatcher.run("default", watched("x".repeat(1_000)), bytes)), "the run ends");
      // What is under way to its reader counts no bytes any more: so the reader's own share is allowed on top.
      assert.ok(most <= 40, `I19: ${most} tasks of 1,000 bytes were in flight, maxInFlightBytes is 20,000`);
    },
  },

  "run.back-pressure": {
    cites: ["I19"],
    isLong: true,
    expects: "a reader that stops reading stops the sending, and one that goes on gets everything",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      await world.worker({ handler: (n: number) => n });
      let read = 0;
      const inputs = function* () {
        for (; read < 500; read += 1) yield read;
      };
      const run = dispatcher.run("default", inputs(), { maxInFlight: 20 });
      const reader = run[Symbol.asyncIterator]();
      const results: Result[] = [];
      for (let taken = 0; taken < 10; taken += 1) {
        const { value } = await world.time.wait(reader.next(), "a result comes");
        results.push(value as Result);
      }
      // What is not read is no silence, however long that is.
      await world.time.pass(world.leaseMs * 5);
      assert.ok(read <= 31, `I19: ${read} inputs were read for 10 results that were taken and a window of 20`);
      assert.ok(world.ledger.runs.length <= 31, "I19: more was sent than the window allows");
      for (;;) {
        const { done, value } = await world.time.wait(reader.next(), "a result comes");
        if (done === true) break;
        results.push(value);
      }
      everyTaskOnce(results, 500);
      assert.equal(run.summary.resent, 0);
    },
  },
});
