import assert from "node:assert/strict";
import type { Context } from "@org/dispatch-core";
import { area } from "../case.ts";
import { slow } from "../decorators/slow.ts";
import { booksAddUp, everyTaskOnce } from "../invariants.ts";
import { ownSessions } from "../world/facts.ts";
import type { Process } from "../world/process.ts";
import type { WorkerProcess } from "../world/worker-process.ts";
import type { World } from "../world/world.ts";

const TASKS = 100;

/** Runs tasks while something is done to the connections of those who take part. */
async function whileIn(
  world: World,
  prepare: ((process: Process) => void) | undefined,
  harm: (all: Process[]) => Promise<void>,
  leaseMs = world.leaseMs,
) {
  const all: Process[] = [];
  const keep = (process: Process) => {
    all.push(process);
    prepare?.(process);
  };
  const { dispatcher } = await world.dispatcher({ leaseMs }, keep);
  const handler = async (n: number, { signal }: Context, host: WorkerProcess) => {
    await world.sleep(world.leaseMs / 20, host, signal);
    return n;
  };
  for (let workers = 0; workers < 2; workers += 1)
    await world.worker({ handler }, { concurrency: 5, maxLost: 20, leaseMs }, keep);
  const run = dispatcher.run("default", Array(TASKS).keys());
  const results = run.results();
  results.catch(() => {});
  await world.time.until(() => run.progress.completed >= 5, "the run is under way");
  await harm(all);
  const completed = await world.time.wait(results, "the run ends");
  everyTaskOnce(completed, TASKS);
  booksAddUp(run.summary, completed);
  for (const { outcome, value, index } of completed) assert.deepEqual([outcome, value], ["completed", index]);
  return run.summary;
}

/** The wire between a process and its broker. */
export const connectionCases = [
  ...area("chaos", "connection", {
    reset: {
      cites: ["I1", "I3", "I4", "L1"],
      expects:
        "connections that are reset again and again: what was under way is done again or was done already, and each task has one outcome",
      async run(world) {
        await whileIn(world, undefined, async (all) => {
          for (let time = 0; time < 6; time += 1) {
            for (const process of all) process.reset();
            await world.time.pass(world.leaseMs / 7);
          }
        });
      },
    },

    "half-open": {
      cites: ["I1", "I3", "L1", "L2"],
      needs: "proxy",
      isLong: true,
      expects:
        "a connection that answers no more and says nothing is noticed within ten seconds (or pollMs + 5 s), and the work goes on when it answers again",
      when: ownSessions,
      async run(world) {
        await whileIn(world, undefined, async (all) => {
          const before = world.events.failedCalls;
          for (const process of all) process.blackHole(true);
          const withinMs = Math.max(10_000, world.profile.pollMs + 5_000) + world.leaseMs + world.slackMs;
          await world.time.until(
            () => world.events.failedCalls > before,
            "L2: somebody notices that nothing is answered",
            withinMs,
          );
          await world.time.pass(world.leaseMs);
          for (const process of all) process.blackHole(false);
        });
      },
    },
  }),

  ...area("chaos", "latency", {
    "a-tenth-of-a-lease": {
      cites: ["I1", "I3", "I6", "L1"],
      expects:
        "a broker that is a tenth of a lease away is slow and nothing else: no lease is lost, no task is run twice",
      async run(world) {
        // Between two renewals, and for as long as they take, the machine may be late as well.
        const leaseMs = Math.max(world.leaseMs, world.slackMs * 3);
        const far = (process: Process) => process.decorate((backend) => slow(backend, { ms: leaseMs / 10 }));
        const summary = await whileIn(world, far, async () => {}, leaseMs);
        assert.deepEqual([summary.lost, summary.retried, summary.resent], [0, 0, 0]);
        assert.equal(world.events.count("lease_lost"), 0, "I6: a lease was lost by latency alone");
      },
    },
  }),
];
