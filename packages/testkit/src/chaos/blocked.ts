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
    expects:
      "an event loop that is blocked for half a lease loses nothing; one that is blocked for longer loses its leases, and what it returns is not taken",
    when: ownSessions,
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const handler = async (n: number, { signal }: Context, host: WorkerProcess) => {
        await world.sleep(world.leaseMs, host, signal);
        return { n, by: host.id };
      };
      const worker = await world.worker({ handler }, { concurrency: 5 });
      const short = dispatcher.run<number, { by: string }>("default", Array(5).keys());
      await world.time.until(() => world.ledger.runs.length === 5, "all begin");
      worker.process.freeze();
      await world.time.pass(world.leaseMs / 2);
      worker.process.thaw();
      const unharmed = await world.results(short);
      everyTaskOnce(unharmed, 5);
      for (const { outcome, lost, value } of unharmed)
        assert.deepEqual([outcome, lost, value?.by], ["completed", 0, worker.id], "I6: lost after half a lease");

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
