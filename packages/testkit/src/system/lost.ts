import assert from "node:assert/strict";
import type { Context } from "@org/dispatch-core";
import type { Delivery } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { attemptsAgree, everyTaskOnce, fencesRise, valueIsOfItsAttempt } from "../invariants.ts";
import { unwired } from "../world/wire.ts";
import type { WorkerProcess } from "../world/worker-process.ts";

/** Crashes: counted as such and as nothing else. */
export const lostCases = area("system", "lost", {
  "crash-counts-lost": {
    cites: ["I8", "L1"],
    endsSessions: true,
    expects:
      "a crashed holder's task comes again after its lease, or when its session is noticed to be over, with a loss more and no attempt more",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const handler = ({ hangs }: { hangs: boolean }, { attempt, lost }: Context, host: WorkerProcess) =>
        hangs && lost === 0 ? world.sleep(1e9, host) : { attempt, lost };
      const first = await world.worker({ handler });
      const run = dispatcher.run("default", [{ hangs: true }]);
      await world.time.until(() => world.ledger.runs.length === 1, "the task begins");
      const crashedAt = world.clock.now();
      first.crash();
      await world.worker({ handler });
      const [result] = await world.results(run);
      assert.deepEqual([result?.outcome, result?.value], ["completed", { attempt: 1, lost: 1 }]);
      assert.deepEqual([result?.attempts, result?.lost], [1, 1]);
      const again = (world.ledger.runs[1]?.startedAt ?? 0) - crashedAt;
      const most = world.leaseMs + world.slackMs;
      // Where the lease is the session's, its end may be noticed at once.
      const least = world.profile.lease.kind === "timed" ? world.leaseMs / 2 : 0;
      assert.ok(again > least && again <= most, `I6: taken again ${again} ms after the crash`);
      assert.equal(run.summary.lost, 1);
    },
  },

  "last-chance-is-had": {
    cites: ["I8", "I10"],
    expects:
      "a task of which the broker says all at once that it was lost more often than it may be, as one does that went away under several workers, is run by itself before it is dead",
    async run(world) {
      const { dispatcher: packing } = await world.dispatcher({ packs: true });
      const { dispatcher } = await world.dispatcher();
      const held: number[] = [];
      const handler = async (payload: unknown, { lost }: Context, host: WorkerProcess) => {
        if (lost === 2) held.push(host.worker.status.held);
        await world.sleep(10, host);
        return payload;
      };
      // Of each kind the first frame that is granted. What is sent on because of that is another one.
      const waiting = new Set(["alone", "packed"]);
      await world.worker({ handler }, { concurrency: 4, maxLost: 2 }, (process) => {
        process.intercept("receive", async ({ proceed }) =>
          ((await proceed()) as readonly Delivery[]).map((delivery) => {
            const text = unwired(world.profile, delivery.bytes).toString();
            const kind = [...waiting].find((one) => text.includes(`"${one} `));
            if (kind === undefined) return delivery;
            waiting.delete(kind);
            return { ...delivery, redelivery: 9 };
          }),
        );
      });
      for (const [sender, kind] of [
        [dispatcher, "alone"],
        [packing, "packed"],
      ] as const) {
        const inputs = Array.from({ length: 6 }, (_, n) => `${kind} ${n}`);
        const results = await world.results(sender.run("default", inputs));
        everyTaskOnce(results, 6);
        for (const { outcome, index, value, error } of results)
          assert.deepEqual(
            [outcome, value],
            ["completed", inputs[index]],
            `I8: it is ${error?.code}, though nobody was given it`,
          );
      }
      assert.equal(waiting.size, 0, "nothing was lost: the case shows nothing");
      // One that came alone, and some of a pack; unless of what a broker says all at once only one loss is believed.
      const least = world.profile.countsUnheld === true ? 0 : 3;
      assert.ok(held.length >= least, `I10: only ${held.length} last chances were taken`);
      assert.ok(
        held.every((count) => count === 1),
        "I10: a last chance was taken beside others",
      );
    },
  },

  "release-and-rolling-restart-count-nothing": {
    cites: ["I5", "I8", "I18"],
    expects: "a task that is given back, begun or not, has neither an attempt nor a loss more",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const drainMs = world.profile.pollMs;
      // Longer than a drain, so that some are given back begun.
      const takesMs = Math.max(world.leaseMs / 3, drainMs * 2);
      const handler = async (n: number, { signal }: Context, host: WorkerProcess) => {
        await world.sleep(takesMs, host, signal);
        if (signal.aborted) throw signal.reason;
        return n;
      };
      const options = { concurrency: 4, drainMs };
      let worker = await world.worker({ handler }, options);
      const run = dispatcher.run("default", Array(30).keys());
      for (let restart = 0; restart < 5; restart += 1) {
        await world.time.pass(world.leaseMs / 4);
        const next = await world.worker({ handler }, options);
        await world.time.wait(worker.stop(), "a worker stops");
        worker = next;
      }
      const results = await world.results(run);
      everyTaskOnce(results, 30);
      for (const result of results) {
        assert.deepEqual([result.outcome, result.attempts, result.lost], ["completed", 1, 0], `I8: ${result.id}`);
        attemptsAgree(result, world.ledger);
        valueIsOfItsAttempt(result, world.ledger);
      }
      assert.ok(world.ledger.runs.length > 30, "nothing was begun twice: the case shows nothing");
      if (world.profile.verbs.includes("move")) fencesRise(world.ledger, true);
    },
  },
});
