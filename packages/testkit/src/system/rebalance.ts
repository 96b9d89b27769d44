import assert from "node:assert/strict";
import type { Context } from "@org/dispatch-core";
import { area } from "../case.ts";
import { everyTaskOnce, valueIsOfItsAttempt } from "../invariants.ts";
import type { WorkerProcess } from "../world/worker-process.ts";

/** Workers that come while others are at work. */
export const rebalanceCases = area("system", "lost", {
  "rebalance-is-not-a-crash": {
    cites: ["I5", "I8", "L1"],
    expects:
      "workers that join while tasks are held take over what they may, and nothing of it counts as a loss or as an attempt",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const handler = async (n: number, { signal }: Context, host: WorkerProcess) => {
        await world.sleep(world.leaseMs / 2, host, signal);
        if (signal.aborted) throw signal.reason;
        return n;
      };
      const options = { concurrency: 4 };
      await world.worker({ handler }, options);
      const run = dispatcher.run("default", Array(40).keys());
      await world.time.until(() => world.ledger.runs.length >= 4, "the first worker is at work");
      for (let more = 0; more < 3; more += 1) {
        await world.worker({ handler }, options);
        await world.time.pass(world.leaseMs / 3);
      }
      const results = await world.results(run);
      everyTaskOnce(results, 40);
      for (const result of results) {
        const { id, outcome, attempts, lost } = result;
        assert.deepEqual([outcome, attempts, lost], ["completed", 1, 0], `I8: ${id}`);
        valueIsOfItsAttempt(result, world.ledger);
      }
      assert.ok(new Set(world.ledger.runs.map(({ worker }) => worker)).size > 1, "nobody else got anything");
    },
  },
});
