import assert from "node:assert/strict";
import type { Profile } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { everyTaskOnce } from "../invariants.ts";
import type { World } from "../world/world.ts";

/** A process of its own can only reach a broker that lies outside of this one. */
const reachable = ({ reach }: Profile) => reach === "network" || `reach ${reach}`;

const TASKS = 5;

interface Worked {
  readonly n: number;
  readonly by: string;
}

/** A run of a few tasks, each of half a lease, all of them held by one child. */
const held = async (world: World) => {
  const { dispatcher } = await world.dispatcher();
  const child = await world.child(TASKS);
  const inputs = Array.from({ length: TASKS }, (_, n) => ({ n, takesMs: world.leaseMs / 2 }));
  const run = dispatcher.run<unknown, Worked>("default", inputs);
  await world.time.until(() => world.events.count("task_progress") === TASKS, "the child begins them all");
  return { child, run };
};

/** Real processes, and the signals that a system gives them. */
export const processCases = area("chaos", "process", {
  sigstop: {
    cites: ["I3", "I4", "I6"],
    expects:
      "a process that stood still for longer than its lease is not heard when it goes on: another one's results count",
    when: (profile) => (profile.lease.kind === "timed" ? reachable(profile) : `lease ${profile.lease.kind}`),
    needs: "spawnWorker",
    async run(world) {
      const { child, run } = await held(world);
      child.freeze();
      const other = await world.child(TASKS);
      const results = await world.results(run);
      child.thaw();
      await world.time.pass(world.leaseMs);
      everyTaskOnce(results, TASKS);
      for (const { value } of results) assert.equal(value?.by, other.id, "I4: a stale holder was heard");
      assert.equal(world.events.count("result_duplicate"), 0, "I4: a stale holder has sent results");
    },
  },
});
