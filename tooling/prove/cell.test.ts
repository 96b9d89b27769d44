/** Whole cells, tiny, on memory. */
import { expect, test } from "vitest";
import type { Backend } from "../../packages/core/dist/contract.js";
import { memory } from "../../packages/core/dist/memory.js";
import { dropping } from "../../packages/testkit/dist/index.js";
import { runCell } from "./cell.ts";
import { type CellPlan, planCell } from "./faults.ts";

const tiny: Partial<CellPlan> = { tasks: 200, strikes: 1, concurrency: 5, mostTakesMs: 5, zombieRounds: 1 };

function run(
  plan: Partial<CellPlan> & Pick<CellPlan, "fault">,
  backend: (namespace: string) => Backend,
  signal?: AbortSignal,
) {
  return runCell({
    subject: { options: { backend } },
    plan: { ...planCell(plan.fault, true), ...tiny, ...plan },
    seed: "test",
    leaseMs: 300,
    signal: signal ?? new AbortController().signal,
    say: () => {},
  });
}
const missed = ({ verdicts }: Awaited<ReturnType<typeof run>>) => verdicts.filter(({ held }) => !held);

test("nothing is done to it, and nothing is missed", async () => {
  const end = await run({ fault: "none", strikes: 0 }, (namespace) => memory({ namespace }));
  expect([end.failure, missed(end)]).toEqual([undefined, []]);
  expect(end.counters).toMatchObject({ attempted: 200, acknowledged: 200, completed: 200, duplicateExecutions: 0 });
});

test.each(["kill", "zombie"] as const)("%s: what was held is done by others, after the lease", async (fault) => {
  const end = await run({ fault, mostTakesMs: 40 }, (namespace) => memory({ namespace }));
  expect([end.failure, missed(end)]).toEqual([undefined, []]);
  const { recoverySeconds, duplicateExecutions, completed } = end.counters;
  expect(completed).toBe(200);
  expect(recoverySeconds.count).toBeGreaterThan(0);
  expect(duplicateExecutions).toBeGreaterThanOrEqual(recoverySeconds.count);
  // A third of a lease may have passed since the last renewal.
  expect(recoverySeconds.max).toBeGreaterThan(0.15);
});

test("a broker that says it has a task and has not is caught", async () => {
  // A task that travels alone, and each time that it is sent again.
  const lying = (namespace: string) =>
    dropping(memory({ namespace }), ({ role }, { name }) => role === "work" && /\/30#/.test(name));
  const end = await run({ fault: "none", strikes: 0 }, lying);
  expect(end.counters).toMatchObject({ lost: 1, dead: 1, completed: 199, resent: 2 });
  expect(missed(end).map(({ goal }) => goal)).toEqual(["lost tasks = 0", "dead tasks = 0"]);
  expect(end.oddities).toEqual([expect.stringMatching(/^task 61: .*VANISHED/)]);
});

test("who interrupts it ends it, and it has failed", async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 150);
  const end = await run({ fault: "none", tasks: 1_000_000 }, (namespace) => memory({ namespace }), stop.signal);
  expect(end.failure).toBe("interrupted");
  expect(missed(end).map(({ goal }) => goal)).toContain("acknowledged tasks >= 1000000");
});
