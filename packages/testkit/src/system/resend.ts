import assert from "node:assert/strict";
import type { Context } from "@org/dispatch-core";
import { area } from "../case.ts";
import { dropping } from "../decorators/dropping.ts";
import { FaultError } from "../decorators/wrap.ts";
import { everyTaskOnce } from "../invariants.ts";
import type { Process } from "../world/process.ts";
import type { WorkerProcess } from "../world/worker-process.ts";
import type { World } from "../world/world.ts";

/** A broker that loses what this process sends under these names. */
const losing = (names: RegExp) => (process: Process) =>
  process.decorate((backend) => dropping(backend, ({ role }, frame) => role === "work" && names.test(frame.name)));

const takes =
  (world: World, ms: number) =>
  async (n: number, { signal }: Context, host: WorkerProcess) => {
    await world.sleep(ms, host, signal);
    return n;
  };

/** What the broker has lost is sent again; what it has not, is not. */
export const resendCases = area("system", "result", {
  "resend.lost-by-the-broker": {
    cites: ["I1", "I3", "L1"],
    expects: "tasks that the broker lost altogether are sent again as the next round, and complete",
    async run(world) {
      const startedAt = world.clock.now();
      const { dispatcher } = await world.dispatcher({}, losing(/\/(3|7|19)#0\./));
      await world.worker({ handler: takes(world, 5) });
      const run = dispatcher.run("default", Array(20).keys());
      const results = await world.results(run);
      everyTaskOnce(results, 20);
      for (const { outcome } of results) assert.equal(outcome, "completed");
      assert.equal(run.summary.resent, 3);
      assert.deepEqual(
        world.events.named("task_resent").map(({ round }) => round),
        [1, 1, 1],
      );
      assert.equal(world.ledger.runs.length, 20, "something was run twice");
      const after = Math.min(...world.events.named("task_resent").map(({ at }) => at)) - startedAt;
      assert.ok(after >= world.leaseMs * 3, `sent again after ${after} ms already`);
      assert.ok(after <= world.leaseMs * 5 + world.slackMs, `sent again only after ${after} ms`);
    },
  },

  "resend.ends-vanished": {
    cites: ["I1", "I3"],
    isLong: true,
    expects: "a task that the broker loses time and again ends dead as VANISHED, after maxResends",
    async run(world) {
      const { dispatcher } = await world.dispatcher({ maxResends: 2 }, losing(/\/2#/));
      await world.worker({ handler: takes(world, 5) });
      const run = dispatcher.run("default", Array(6).keys());
      // Three silences of three leases, each with its probe.
      const results = await world.results(run, world.leaseMs * 10);
      everyTaskOnce(results, 6);
      const lost = results.find(({ index }) => index === 2);
      assert.deepEqual([lost?.outcome, lost?.error?.code, lost?.attempts], ["dead", "VANISHED", 0]);
      assert.deepEqual([run.summary.resent, run.summary.completed], [2, 5]);
      assert.deepEqual(
        world.events.named("task_resent").map(({ round }) => round),
        [1, 2],
      );
    },
  },

  "resend.not-when-a-lost-one-waits-again": {
    cites: ["I1", "I4", "L1"],
    endsSessions: true,
    isLong: true,
    expects:
      "a task whose worker crashed waits its turn again, behind others: that those behind it came back before the crash is no sign that it is lost",
    async run(world) {
      const { dispatcher } = await world.dispatcher({ resendAfterMs: world.leaseMs });
      const handler = async (takesMs: number, { signal, lost }: Context, host: WorkerProcess) =>
        world.sleep(lost > 0 ? 1 : takesMs, host, signal);
      const crashing = await world.worker({ handler }, { concurrency: 3 });
      const run = dispatcher.run("default", [1e9, 1, 1], { priority: 0 });
      const results = run.results();
      await world.time.until(() => run.progress.completed === 2, "what was sent behind it has come back");
      const flood = dispatcher.run("default", Array(7).fill(world.leaseMs), { priority: 10 });
      await world.time.until(() => flood.progress.sent === 7, "the flood is sent");
      crashing.crash();
      await world.worker({ handler }, { concurrency: 1 });
      everyTaskOnce(await world.results(flood, world.leaseMs * 30), 7);
      const [lost] = (await world.time.wait(results, "the lost one is run")).filter(({ index }) => index === 0);
      assert.deepEqual([lost?.outcome, lost?.lost], ["completed", 1]);
      assert.deepEqual([run.summary.resent, flood.summary.resent], [0, 0]);
      assert.equal(world.events.count("result_duplicate"), 0);
    },
  },

  "resend.not-in-a-backlog": {
    cites: ["I1", "I4"],
    isLong: true,
    expects: "a task that waits its turn for longer than resendAfterMs is not lost, and not sent again",
    async run(world) {
      const { dispatcher } = await world.dispatcher({ resendAfterMs: world.leaseMs });
      const options = { concurrency: 1, timeoutMs: world.leaseMs * 10 };
      await world.worker({ handler: takes(world, world.leaseMs) }, options);
      const run = dispatcher.run("default", Array(6).keys());
      everyTaskOnce(await world.results(run, world.leaseMs * 6), 6);
      assert.equal(run.summary.resent, 0);
      assert.equal(world.ledger.runs.length, 6);
    },
  },

  "resend.not-while-a-lost-holder-is-waited-for": {
    cites: ["I1", "I4"],
    endsSessions: true,
    isLong: true,
    expects:
      "a task whose holder crashed is in the hands of its lease, and then waits for its turn again: others that overtook it before prove nothing",
    when: ({ sharing }) =>
      sharing === "message" || "sharing of partitions: what one member holds back holds up its partition",
    async run(world) {
      const { dispatcher } = await world.dispatcher({ resendAfterMs: world.leaseMs });
      const options = { concurrency: 1, timeoutMs: world.leaseMs * 12 };
      const hangs = (_: number, __: Context, host: WorkerProcess) => world.sleep(1e9, host);
      const first = await world.worker({ handler: hangs }, options);
      // For each that is done another one is sent.
      const run = dispatcher.run("default", Array(6).keys(), { maxInFlight: 3 });
      const results = run.results();
      await world.time.until(() => world.ledger.runs.length === 1, "a task is held");
      await world.worker({ handler: takes(world, world.leaseMs * 2) }, options);
      await world.time.until(() => run.progress.completed >= 2, "others have overtaken it");
      first.crash();
      everyTaskOnce(await world.time.wait(results, "the run ends"), 6);
      assert.ok(run.summary.lost >= 1, "nothing was held by who crashed: the case shows nothing");
      assert.equal(run.summary.resent, 0, "I1: what its lease brings back was sent again");
    },
  },

  "resend.not-while-back-pressed": {
    cites: ["I1", "I4"],
    isLong: true,
    expects: "silence of a reply queue that cannot be read, or of a reader who does not read, proves nothing",
    async run(world) {
      const resendAfterMs = world.leaseMs;
      const { dispatcher, process } = await world.dispatcher({ resendAfterMs });
      await world.worker({ handler: takes(world, 5) });
      const run = dispatcher.run("default", Array(60).keys(), { maxInFlight: 10 });
      await world.time.until(() => world.ledger.runs.length >= 10, "the window is full");
      await world.time.pass(resendAfterMs * 4);
      const heal = process.intercept("receive", async () => {
        throw new FaultError("UNAVAILABLE", "the reply queue cannot be read");
      });
      const results = run.results();
      await world.time.pass(resendAfterMs * 4);
      heal();
      everyTaskOnce(await world.time.wait(results, "the run ends"), 60);
      assert.equal(run.summary.resent, 0);
      assert.equal(world.ledger.runs.length, 60, "something was run twice");
    },
  },
});
