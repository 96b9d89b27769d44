import {
  Dead,
  Dispatcher,
  Drop,
  defineTask,
  type Input,
  input,
  invalidInput,
  VirtualClock,
  Worker,
} from "@org/dispatch-core";
import { memory } from "@org/dispatch-core/memory";
import { expect, it } from "vitest";
import { readLines, sumOf } from "../../../tooling/observability/samples.ts";
import { Metrics } from "./metrics.ts";
import { Breakable } from "./testing/breakable.ts";

const TASKS = 10_000;
const LEASE_MS = 3_000;

/** What becomes of an input. The numbers are those of the test's books. */
const kinds = {
  kills: (n: number) => n % 1_000 === 500,
  dies: (n: number) => n % 100 === 7,
  drops: (n: number) => n % 100 === 9,
  expires: (n: number) => n % 100 === 11,
  invalid: (n: number) => n % 100 === 13,
  failsOnce: (n: number) => n % 10 === 3,
  failsAlways: (n: number) => n % 200 === 15,
};
const countOf = (is: (n: number) => boolean) => Array.from({ length: TASKS }, (_, n) => n).filter(is).length;

function* inputs(): Generator<number | Input<number>> {
  for (let n = 0; n < TASKS; n += 1) {
    if (kinds.invalid(n)) yield invalidInput("line 13: no JSON");
    else if (kinds.expires(n)) yield input(n, { deadlineMs: 0 });
    else yield n;
  }
}

/** Workers of other processes, of which each may die by a task; then there is another one. */
async function crew(inner: ReturnType<typeof memory>, clock: VirtualClock) {
  let crashes = 0;
  const start = async (): Promise<Worker> => {
    const connection = new Breakable(inner);
    const handler = async (n: number, { attempt }: { readonly attempt: number }) => {
      if (kinds.kills(n)) {
        crashes += 1;
        connection.break();
        workers.delete(worker);
        workers.add(await start());
        await new Promise(() => {});
      }
      if (kinds.dies(n)) throw new Dead("no use");
      if (kinds.drops(n)) throw new Drop("not wanted");
      if (kinds.failsAlways(n) || (kinds.failsOnce(n) && attempt === 1)) throw new Error("boom");
      return n;
    };
    const task = defineTask({ name: "count", handler });
    const worker = await Worker.start(connection.backend, task, {
      ...{ clock, random: () => 0.5, leaseMs: LEASE_MS, concurrency: 50, maxAttempts: 2, maxLost: 1 },
      backoff: { baseMs: 100 },
    });
    return worker;
  };
  const workers = new Set<Worker>([await start(), await start()]);
  return { workers, crashes: () => crashes };
}

it.each([
  ["a frame a task", false],
  ["packs", true],
])(
  "I20: the books balance by the coordinator's metrics alone, with failures, crashes and dead letters: %s",
  async (_, packs) => {
    const clock = new VirtualClock();
    const backend = memory();
    const metrics = Metrics.open({ clock });
    const { workers, crashes } = await crew(backend, clock);
    const dispatcher = await Dispatcher.open(backend, {
      clock,
      leaseMs: LEASE_MS,
      random: () => 0.5,
      observer: metrics.observer,
    });
    const scraped = async () => readLines(await metrics.registry.metrics());

    const run = dispatcher.run<number, number>("count", inputs(), { packs, maxInFlight: 1_000 });
    let over = false;
    void run.finished().finally(() => {
      over = true;
    });
    await clock.advanceUntil(() => run.progress.completed > TASKS / 2);
    const during = await scraped();
    const sentDuring = sumOf(during, "dispatch_cases_dispatched_total");
    expect(sumOf(during, "dispatch_tasks_outstanding")).toBeGreaterThan(0);
    // What is under way to the broker has not been taken by it yet, and is outstanding all the same.
    expect(sentDuring - sumOf(during, "dispatch_tasks_ended_total")).toBeLessThanOrEqual(
      sumOf(during, "dispatch_tasks_outstanding"),
    );

    expect(await clock.advanceUntil(() => over)).toBe(true);
    const lines = await scraped();
    const ended = (outcome: string, reason?: string) =>
      sumOf(lines, "dispatch_tasks_ended_total", { outcome, ...(reason !== undefined && { reason }) });

    // sent = completed + dead + expired + cancelled, at rest.
    expect(sumOf(lines, "dispatch_tasks_outstanding")).toBe(0);
    const outcomes = ended("completed") + ended("dead") + ended("expired") + ended("cancelled");
    expect(sumOf(lines, "dispatch_cases_dispatched_total")).toBe(outcomes);
    expect(outcomes + sumOf(lines, "dispatch_tasks_unsent_total")).toBe(TASKS);

    // And they say what has happened.
    expect(crashes()).toBeGreaterThanOrEqual(2 * countOf(kinds.kills));
    expect(ended("dead", "LOST")).toBeGreaterThanOrEqual(countOf(kinds.kills));
    expect(ended("dead", "REJECTED")).toBe(countOf(kinds.dies));
    expect(ended("dead", "ATTEMPTS_EXHAUSTED")).toBe(countOf(kinds.failsAlways));
    expect(ended("cancelled")).toBe(countOf(kinds.drops));
    expect(ended("expired")).toBe(countOf(kinds.expires));
    expect(sumOf(lines, "dispatch_tasks_unsent_total", { outcome: "dead", reason: "INPUT_INVALID" })).toBe(
      countOf(kinds.invalid),
    );
    expect(sumOf(lines, "dispatch_serialization_errors_total")).toBe(countOf(kinds.invalid));
    expect(sumOf(lines, "dispatch_tasks_lost_total")).toBeGreaterThanOrEqual(2 * countOf(kinds.kills));
    const summary = run.summary;
    expect(summary).toMatchObject({
      total: TASKS,
      completed: ended("completed"),
      lost: sumOf(lines, "dispatch_tasks_lost_total"),
    });
    expect(summary.retried).toBe(sumOf(lines, "dispatch_tasks_retried_total"));
    expect(sumOf(lines, "dispatch_cases_completed_total")).toBe(summary.completed);
    expect(sumOf(lines, "dispatch_task_end_to_end_seconds_count")).toBe(outcomes);
    expect(workers.size).toBe(2);

    const closing = Promise.all([...[...workers].map((worker) => worker.stop()), dispatcher.close()]);
    let closed = false;
    void closing.then(() => {
      closed = true;
    });
    await clock.advanceUntil(() => closed);
    metrics.close();
  },
  120_000,
);
