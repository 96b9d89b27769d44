import assert from "node:assert/strict";
import type { Context } from "@org/dispatch-core";
import { area, verbs } from "../case.ts";
import { withFacts } from "../decorators/facts.ts";
import { everyTaskOnce } from "../invariants.ts";
import type { Process } from "../world/process.ts";
import type { WorkerProcess } from "../world/worker-process.ts";

/** Deadlines and timeouts: each with its own end. */
export const deadlineCases = area("system", "deadline", {
  "expired-not-started": {
    cites: ["I3", "I14"],
    expects: "a task whose deadline has passed is never begun",
    when: verbs("depth"),
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      // Long enough to be sent in.
      const deadlineMs = 500 + world.slackMs;
      const run = dispatcher.run("default", [1, 2, 3], { deadlineMs });
      const { id } = await world.time.wait(dispatcher.send("default", 4, { deadlineMs }), "sent");
      await world.time.until(() => run.progress.sent === 3, "all are sent");
      await world.time.pass(deadlineMs + 1);
      await world.worker({ handler: () => "too late" });
      const results = await world.results(run);
      everyTaskOnce(results, 3);
      for (const { outcome, attempts, error } of results) {
        assert.deepEqual([outcome, attempts, error?.code], ["expired", 0, "EXPIRED"]);
      }
      await world.time.until(() => world.events.count("task_expired") === 4, "all four expire");
      assert.ok(world.events.named("task_expired").some(({ taskId }) => taskId === id));
      assert.deepEqual(world.ledger.runs, []);
      await world.rest();
    },
  },

  "deadline-aborts-running": {
    cites: ["I3"],
    expects: "a handler whose task's deadline passes is told so by its signal, and the task ends as expired",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      let deadline: number | undefined;
      const handler = async (_: unknown, context: Context, host: WorkerProcess) => {
        deadline = context.deadline;
        await world.sleep(1e9, host, context.signal);
        return "late";
      };
      await world.worker({ handler });
      // Long enough to be begun in.
      const deadlineMs = 400 + world.slackMs;
      const [sentAt, sentAtMs] = [world.clock.wall(), world.clock.now()];
      const [result] = await world.results(dispatcher.run("default", [0], { deadlineMs }));
      assert.deepEqual([result?.outcome, result?.error?.code, result?.value], ["expired", "EXPIRED", undefined]);
      const [run] = world.ledger.runs;
      assert.deepEqual([world.ledger.runs.length, run?.aborted], [1, "EXPIRED"]);
      const off = Math.abs((deadline ?? 0) - (sentAt + deadlineMs));
      assert.ok(off <= world.slackMs, `context.deadline is off by ${off} ms`);
      // It counts from the send, whenever the handler began.
      const tookMs = (run?.endedAt ?? 0) - sentAtMs;
      assert.ok(Math.abs(tookMs - deadlineMs) <= world.slackMs, `aborted ${tookMs} ms after the send`);
    },
  },

  "timeout-is-its-own-event": {
    cites: ["I8", "I9"],
    expects: "an attempt that takes longer than timeoutMs fails as TIMED_OUT, under the lease that is still held",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const handler = (_: unknown, { signal }: Context, host: WorkerProcess) => world.sleep(1e9, host, signal);
      const timeoutMs = world.leaseMs * 2;
      await world.worker({ handler, timeoutMs, maxAttempts: 2 }, { backoff: { baseMs: 10 } });
      const [result] = await world.results(dispatcher.run("default", [0]));
      assert.deepEqual([result?.outcome, result?.error?.code, result?.attempts], ["dead", "TIMED_OUT", 2]);
      assert.equal(result?.lost, 0, "I8: a timeout counts no loss");
      assert.equal(world.events.count("task_timed_out"), 2);
      assert.deepEqual(
        world.events.named("queue_requeued").map(({ reason }) => reason),
        ["timed_out"],
      );
      assert.deepEqual(
        world.ledger.runs.map(({ aborted }) => aborted),
        ["TIMED_OUT", "TIMED_OUT"],
      );
      for (const { durationMs } of world.events.named("task_timed_out")) {
        assert.ok(Math.abs(durationMs - timeoutMs) <= world.slackMs, `timed out after ${durationMs} ms`);
      }
    },
  },

  "abandoned-slot-is-given-on": {
    cites: ["I8", "L1"],
    expects: "a handler that ignores its signal keeps its slot for abandonMs and no longer",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const handler = (payload: string, _: Context, host: WorkerProcess) =>
        payload === "deaf" ? world.sleep(1e9, host) : payload;
      await world.worker({ handler, timeoutMs: 200, maxAttempts: 1 }, { concurrency: 1, abandonMs: 300 });
      const results = await world.results(dispatcher.run("default", ["deaf", "next"]));
      everyTaskOnce(results, 2);
      assert.deepEqual(
        results.map(({ outcome, error }) => error?.code ?? outcome),
        ["TIMED_OUT", "completed"],
      );
      assert.deepEqual(
        world.events.named("slot_abandoned").map(({ code }) => code),
        ["TIMED_OUT"],
      );
      const [deaf, next] = world.ledger.runs;
      const waitedMs = (next?.startedAt ?? 0) - (deaf?.startedAt ?? 0);
      assert.ok(waitedMs >= 500 && waitedMs <= 500 + world.slackMs, `the slot was given on after ${waitedMs} ms`);
    },
  },

  "held-at-half-cap-is-given-back": {
    cites: ["I8", "L1"],
    isLong: true,
    expects:
      "a frame that has not begun when half of the lease's total cap is over goes back, without penalty: no broker takes it away from a worker that means well",
    async run(world) {
      const capMs = world.leaseMs * 4;
      const capped = (process: Process) =>
        process.decorate((backend) => {
          const { lease } = backend.profile;
          return withFacts(backend, { lease: { ...lease, totalCapMs: Math.min(lease.totalCapMs, capMs) } });
        });
      const { dispatcher } = await world.dispatcher();
      const handler = async (ms: number, { signal }: Context, host: WorkerProcess) => {
        await world.sleep(ms, host, signal);
        return ms;
      };
      // A broker so far away makes a worker take frames in advance, also where a task of 10 ms takes a busy machine many times that.
      const worker = await world.worker({ handler }, { concurrency: 2, timeoutMs: capMs / 2 }, (process) => {
        capped(process);
        process.intercept("receive", async ({ proceed }) => {
          const answer = await proceed();
          await new Promise<void>((resolve) => process.clock.after(world.leaseMs / 5, resolve));
          return answer;
        });
      });
      everyTaskOnce(await world.results(dispatcher.run("default", Array(30).fill(10))), 30);
      const run = dispatcher.run("default", Array(20).fill(world.leaseMs * 0.75));
      // More than its slots and one for each further lane: how many more follows from how long the quick ones took.
      await world.time.until(() => worker.worker.status.held > 4, "frames are taken in advance");
      const heldAt = world.clock.now();
      await world.time.until(() => worker.worker.status.released > 0, "what has not begun is given back");
      const tookMs = world.clock.now() - heldAt;
      const most = capMs / 2 + world.leaseMs / 3 + world.slackMs;
      assert.ok(tookMs <= most, `given back after ${tookMs} ms, half of the cap is ${capMs / 2}`);
      const results = await world.results(run);
      everyTaskOnce(results, 20);
      for (const { outcome, attempts, lost } of results)
        assert.deepEqual([outcome, attempts, lost], ["completed", 1, 0], "I8: given back with a penalty");
    },
  },
});
