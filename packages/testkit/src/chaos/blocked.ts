import assert from "node:assert/strict";
import type { Context } from "@org/dispatch-core";
import { area } from "../case.ts";
import { everyTaskOnce, valueIsOfItsAttempt } from "../invariants.ts";
import { ownSessions } from "../world/facts.ts";
import type { WorkerProcess } from "../world/worker-process.ts";

/** A handler that computes and computes: no timer fires, no answer is read. */
export const blockedCases = area("chaos", "event-loop", {
  blocked: {
    cites: ["I3", "I4", "I6", "L1"],
    endsSessions: true,
    isLong: true,
    expects:
      "an event loop that is blocked for half a lease loses nothing; one that is blocked for longer loses its leases, and what it returns is not taken",
    when: ownSessions,
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const takes =
        (ms: number) =>
        async (n: number, { signal }: Context, host: WorkerProcess) => {
          await world.sleep(ms, host, signal);
          return { n, by: host.id };
        };
      const leaseMs = world.roomyLeaseMs;
      const first = await world.worker({ handler: takes(leaseMs * 0.6) }, { concurrency: 5, leaseMs });
      const short = dispatcher.run<number, { by: string }>("default", Array(5).keys());
      await world.time.until(() => world.ledger.runs.length === 5, "all begin");
      first.process.freeze();
      await world.time.pass(leaseMs / 2);
      first.process.thaw();
      const unharmed = await world.results(short);
      everyTaskOnce(unharmed, 5);
      for (const { outcome, lost, value } of unharmed)
        assert.deepEqual([outcome, lost, value?.by], ["completed", 0, first.id], "I6: lost after half a lease");
      await world.time.wait(first.stop(), "the first worker stops");

      const handler = takes(world.leaseMs);
      const worker = await world.worker({ handler }, { concurrency: 5 });
      const long = dispatcher.run<number, { by: string }>("default", Array(5).keys());
      await world.time.until(() => world.ledger.runs.length === 10, "all begin");
      worker.process.freeze();
      await world.worker({ handler }, { concurrency: 5 });
      await world.time.pass(world.lossMs + world.leaseMs);
      worker.process.thaw();
      const results = await world.results(long);
      everyTaskOnce(results, 5);
      for (const result of results) {
        assert.deepEqual([result.outcome, result.attempts], ["completed", 1]);
        assert.ok(result.lost >= 1, "I8: a lease that was not renewed for so long is lost");
        valueIsOfItsAttempt(result, world.ledger);
      }
      await world.time.pass(world.leaseMs * 2);
      assert.equal(world.events.count("task_ended"), 10, "I4: a second outcome was accepted");
    },
  },
});
