import assert from "node:assert/strict";
import { type Context, input } from "@org/dispatch-core";
import type { Profile } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { everyTaskOnce } from "../invariants.ts";
import type { WorkerProcess } from "../world/worker-process.ts";

const native = ({ priorityLevels }: Profile) => priorityLevels >= 11 || `priorityLevels ${priorityLevels}`;

/** Priorities 0–10, 10 highest. */
export const priorityCases = area("system", "priority", {
  "late-high-overtakes": {
    cites: ["I13"],
    expects: "a task of high priority that comes late is begun before those of low priority that wait",
    when: native,
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const handler = async (name: string, { signal }: Context, host: WorkerProcess) => {
        await world.sleep(50, host, signal);
        return name;
      };
      await world.worker({ handler }, { concurrency: 1 });
      const low = dispatcher.run("default", Array(12).fill("low"), { priority: 1 });
      await world.time.until(() => world.ledger.runs.length === 2, "the low ones are under way");
      const high = dispatcher.run("default", ["high", "high"], { priority: 9 });
      everyTaskOnce(await world.results(high), 2);
      everyTaskOnce(await world.results(low), 12);
      const order = world.ledger.runs.map(({ payload }) => payload);
      const last = order.lastIndexOf("high");
      assert.ok(last <= 4, `I13: the high ones were begun as number ${order.indexOf("high") + 1} and ${last + 1}`);
    },
  },

  "starvation-bound": {
    cites: ["I13", "L1"],
    expects: "a flood of high priority delays a task of low priority by the declared number of grants, and no more",
    when(profile) {
      const levels = native(profile);
      return levels !== true ? levels : profile.starvationGrants > 0 || "starvationGrants 0";
    },
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const handler = async (payload: string, { signal }: Context, host: WorkerProcess) => {
        await world.sleep(10, host, signal);
        return payload;
      };
      await world.worker({ handler }, { concurrency: 1 });
      const grants = world.profile.starvationGrants;
      const flood = Array(grants * 5).fill(input("high", { priority: 10 }));
      const low = [0, 1, 2].map((priority) => input("low", { priority }));
      const run = dispatcher.run("default", [...flood.slice(0, 3), ...low, ...flood]);
      everyTaskOnce(await world.results(run), flood.length + 6);
      const order = world.ledger.runs.map(({ payload }) => payload);
      const places = order.flatMap((payload, place) => (payload === "low" ? [place] : []));
      assert.deepEqual(places.length, 3);
      places.forEach((place, index) => {
        // The first grants may go out before the flood, and a worker may hold a few: not more than one round's worth.
        const bound = (index + 1) * grants + 3;
        assert.ok(place <= bound, `I13: low task ${index} was begun as number ${place + 1}, the bound is ${bound}`);
      });
    },
  },
});
