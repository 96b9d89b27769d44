import assert from "node:assert/strict";
import type { Result } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { booksAddUp, everyTaskOnce } from "../invariants.ts";
import { ownSessions } from "../world/facts.ts";

interface Done {
  readonly n: number;
  readonly by: string;
}

/** The part of sorted numbers below which `share` of them lie. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Workers that are killed at work. */
export const killCases = [
  ...area("chaos", "worker", {
    sigkill: {
      cites: ["I1", "I3", "I6", "L1"],
      isLong: true,
      expects:
        "what a killed worker held is done by another one, at most a second after the lease (a session: its detection) is over and the other one has started",
      when: ownSessions,
      needs: "spawnWorker",
      async run(world) {
        const { dispatcher } = await world.dispatcher();
        const rounds = 5;
        const lateMs: number[] = [];
        for (let round = 0; round < rounds; round += 1) {
          const victim = await world.child(4);
          const inputs = Array.from({ length: 4 }, (_, n) => ({ n, takesMs: round === 0 ? 500 : 200 + 100 * n }));
          const run = dispatcher.run<unknown, Done>("default", inputs);
          await world.time.until(() => run.progress.sent === 4, "all are sent");
          await world.time.pass(150);
          victim.kill();
          const killedAt = world.clock.now();
          const next = await world.child(4);
          // How long a process takes to start is the machine's affair: it may be longer than a lease.
          const dueAt = Math.max(killedAt + world.lossMs, world.clock.now());
          const results: Result<Done>[] = [];
          const read = async () => {
            for await (const result of run) {
              results.push(result);
              if (result.value?.by === next.id) lateMs.push(world.clock.now() - dueAt);
            }
          };
          await world.time.wait(read(), "the run ends");
          everyTaskOnce(results, 4);
          for (const { outcome, value, attempts, index } of results)
            assert.deepEqual([outcome, attempts, value?.n], ["completed", 1, index]);
          await world.time.wait(next.stop(), "the next worker stops");
        }
        const most = 1_000 + world.slackMs;
        const p99 = quantile(lateMs, 0.99);
        assert.ok(lateMs.length > 0, "the killed worker had done everything: the case shows nothing");
        assert.ok(p99 <= most, `L1: done ${p99} ms after another one could have it, the most is ${most}`);
      },
    },
  }),

  ...area("chaos", "kill-20-workers-10k-tasks", {
    "every-task-one-outcome": {
      cites: ["I1", "I3", "I4", "I20", "L1"],
      isAlone: true,
      expects:
        "twenty workers are killed one after the other under ten thousand tasks: each task has one outcome, completed, and the books add up",
      when: ownSessions,
      needs: "spawnWorker",
      async run(world) {
        const TASKS = 10_000;
        const { dispatcher } = await world.dispatcher();
        const workers = await Promise.all(Array.from({ length: 4 }, () => world.child(50)));
        const inputs = Array.from({ length: TASKS }, (_, n) => ({ n, takesMs: 1 + Math.floor(world.random() * 40) }));
        // A task that has bad luck with its workers is not poison.
        const run = dispatcher.run<unknown, Done>("default", inputs);
        const results = run.results();
        results.catch(() => {});
        for (let killed = 0; killed < 20; killed += 1) {
          const from = run.progress.completed;
          await world.time.until(() => run.progress.completed >= Math.min(TASKS, from + 200), "they are at work");
          workers.shift()?.kill();
          workers.push(await world.child(50));
        }
        const all = await world.time.wait(results, "the run ends");
        everyTaskOnce(all, TASKS);
        booksAddUp(run.summary, all);
        assert.equal(run.summary.completed, TASKS, `I1: ${run.summary.dead} tasks are dead`);
        for (const { index, value } of all) assert.equal(value?.n, index, "I16: the result of another task");
        assert.ok(run.summary.lost > 0, "nobody was killed at work: the case shows nothing");
      },
    },
  }),
];
