import assert from "node:assert/strict";
import type { Context } from "@org/dispatch-core";
import { area } from "../case.ts";
import { booksAddUp, everyTaskOnce } from "../invariants.ts";
import type { WorkerProcess } from "../world/worker-process.ts";
import type { World } from "../world/world.ts";

const TASKS = 200;

/** What core waits between two tries, at most, and a second for the first answer; a poll that is under way comes before. */
const resumesMs = (world: World) => 6_000 + world.profile.pollMs + world.slackMs;

/** A run goes on over an outage: nothing is lost, and something completes soon after its end. */
async function overOutage(world: World, awayMs: number): Promise<void> {
  const { dispatcher } = await world.dispatcher();
  const handler = async (n: number, { signal }: Context, host: WorkerProcess) => {
    await world.sleep(50, host, signal);
    return n;
  };
  const options = { concurrency: 5, maxLost: 10 };
  for (let workers = 0; workers < 2; workers += 1) await world.worker({ handler }, options);
  const run = dispatcher.run("default", Array(TASKS).keys());
  const results = run.results();
  results.catch(() => {});
  await world.time.until(() => run.progress.completed >= 20, "the run is under way");
  await world.time.wait(world.outage(awayMs), "the broker is there again", awayMs + world.time.patienceMs);
  const backAt = world.clock.now();
  const done = run.progress.completed;
  assert.ok(done < TASKS, "the run was over before the outage: the case shows nothing");
  await world.time.until(() => run.progress.completed > done, "a task completes");
  // What was held when it went away comes again after its lease; what was not is there at once.
  const resumedMs = world.clock.now() - backAt;
  assert.ok(resumedMs <= resumesMs(world), `L2: ${resumedMs} ms after the broker was back something completed`);
  const all = await world.time.wait(results, "the run ends");
  everyTaskOnce(all, TASKS);
  booksAddUp(run.summary, all);
  for (const { outcome, value, index } of all) assert.deepEqual([outcome, value], ["completed", index]);
}

/** The broker goes away and comes back. */
export const brokerCases = area("chaos", "broker", {
  restart: {
    cites: ["I1", "I3", "L1", "L2"],
    expects: "a broker that restarts has kept what it acknowledged; workers and dispatchers go on by themselves",
    when: ({ durability }) => durability === "restart" || `durability ${durability}`,
    needs: "restart",
    run: (world) => overOutage(world, 500),
  },

  "outage-longer-than-any-wait": {
    cites: ["I1", "I3", "L1", "L2"],
    expects:
      "a broker that is away for longer than any lease, wait or deadline of a call: the work goes on soon after it is back, however long that was",
    when: ({ durability, reach }) =>
      durability === "restart" || reach === "process" || `durability ${durability}: what was sent is gone`,
    needs: "restart",
    run: (world) => overOutage(world, world.outageMs),
  },
});
