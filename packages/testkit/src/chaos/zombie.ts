import assert from "node:assert/strict";
import type { Context } from "@org/dispatch-core";
import { area } from "../case.ts";
import { everyTaskOnce, valueIsOfItsAttempt } from "../invariants.ts";
import type { WorkerProcess } from "../world/worker-process.ts";

/** Processes that stop and go on. */
export const zombieCases = area("chaos", "worker", {
  zombie: {
    cites: ["I4", "I5", "I16"],
    endsSessions: true,
    expects: "a worker that stood still for longer than its lease is not heard any more: another one's result counts",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const handler = async (n: number, { fence, signal }: Context, host: WorkerProcess) => {
        await world.sleep(world.leaseMs / 2, host, signal);
        return { n, by: host.id, fence };
      };
      const zombie = await world.worker({ handler });
      const run = dispatcher.run<number, { by: string }>("default", Array(5).keys());
      await world.time.until(() => world.ledger.runs.length === 5, "all begin");
      zombie.process.freeze();
      const other = await world.worker({ handler });
      await world.time.until(() => run.progress.completed >= 1, "another worker completes one");
      zombie.process.thaw();
      const results = await world.results(run);
      await world.time.pass(world.leaseMs * 2);
      everyTaskOnce(results, 5);
      for (const result of results) {
        assert.deepEqual([result.outcome, result.value?.by, result.lost], ["completed", other.id, 1]);
        valueIsOfItsAttempt(result, world.ledger);
      }
      assert.equal(world.events.named("queue_completed").filter(({ workerId }) => workerId === zombie.id).length, 0);
      assert.equal(world.events.count("result_duplicate"), 0);
      assert.ok(world.events.count("lease_lost") >= 5, "the zombie was not told that its leases are lost");
    },
  },
});
