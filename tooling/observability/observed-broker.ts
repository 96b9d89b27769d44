/** For tests: what a worker and a coordinator serve, on a real broker that goes away, with workers that are killed, and to a real Prometheus. */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { needService } from "../services/need-service.ts";
import { instancesFolder } from "../services/places.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { sumOf } from "./samples.ts";
import { ServedCommand } from "./served-command.ts";

/** A broker of which all that is served is looked at. */
export interface ObservedBroker {
  /** How commands are told where it is. */
  readonly options: readonly string[];
  /** The ways in which it can be away, and how it comes back. */
  readonly away: readonly { leave(): unknown; comeBack(): Promise<unknown> }[];
  end(): Promise<unknown>;
}

/** Long enough for a process to start, a lease to run out, and a broker to be found again on a machine that is busy. */
const LONG_MS = 60_000;
const LEASE_MS = 3_000;

/** In every payload: nothing that a process says may hold it. What a handler says went wrong stands in a run's summary for people, the first of them. */
const CANARY = "canary-payload-4e1a";

const HANDLER = `
export default async ({ n }, { attempt, lost }) => {
  await new Promise((resolve) => setTimeout(resolve, 10));
  if (n === "kill" && lost === 0) process.kill(process.pid, "SIGKILL");
  if (n === "die" || (n === "fail" && attempt === 1)) throw new Error("boom");
  if (n === "slow") await new Promise((resolve) => setTimeout(resolve, 100));
  return n;
};
`;

const valuesOf = async (command: ServedCommand) => {
  const lines = await command.lines();
  const value = (name: string, labels = {}) => sumOf(lines, `dispatch_${name}`, labels);
  return {
    sent: value("cases_dispatched_total"),
    outstanding: value("tasks_outstanding"),
    ended: value("tasks_ended_total"),
    completed: value("cases_completed_total"),
    dead: value("tasks_ended_total", { outcome: "dead" }),
    lost: value("tasks_lost_total"),
  };
};

/** 300 tasks: 12 fail once, 6 die, 2 kill who has them. */
const TASKS = Array.from({ length: 300 }, (_, n) =>
  n % 150 === 75 ? "kill" : n % 50 === 7 ? "die" : n % 25 === 3 ? "fail" : n,
);

/** Registers the tests; `open` answers `undefined` where there is no such broker here. */
export function observe(name: string, open: () => Promise<ObservedBroker | undefined>): void {
  let folder = "";
  let broker: ObservedBroker | undefined;
  beforeAll(async () => {
    folder = await temporaryFolder(`observability-${name}`);
    await writeFile(`${folder}/h.mjs`, HANDLER);
    broker = await open();
  }, 300_000);
  afterAll(() => broker?.end());

  /** The options of all processes of one test: a namespace of its own. */
  const common = (): readonly string[] => {
    const namespace = `seen-${randomBytes(4).toString("hex")}`;
    const lease = ["--lease", String(LEASE_MS), "--max-attempts", "2"];
    return ["--namespace", namespace, ...(broker?.options ?? []), "--create", ...lease];
  };
  const start = async (argv: readonly string[]) => {
    const command = await ServedCommand.start(argv, folder);
    onTestFinished(() => void command.stop("SIGKILL"));
    return command;
  };
  const worker = (more: readonly string[]) => start(["worker", "--handler", "h.mjs", ...more]);
  const payloads = (tasks: readonly unknown[]) => tasks.map((n) => ({ n, pad: CANARY }));
  const coordinator = (more: readonly string[]) => start(["run", "--no-worker", "--input", "-", ...more]);

  describe(name, () => {
    test(
      "the coordinator's figures balance while workers are killed, and at rest",
      async ({ skip }) => {
        skip(broker === undefined, `no ${name} here`);
        const more = common();
        let crew = [await worker(more), await worker(more), await worker(more)];
        const run = await coordinator(more);
        run.write(payloads(TASKS));
        const killed = crew.shift();
        await expect.poll(async () => (await valuesOf(run)).completed, { timeout: LONG_MS }).toBeGreaterThan(0);
        await killed?.stop("SIGKILL");
        crew = [...crew, await worker(more), await worker(more)];
        await expect
          .poll(
            async () => {
              const { sent, ended, outstanding } = await valuesOf(run);
              // What is on its way to the broker is outstanding, and not sent yet.
              expect(sent - ended).toBeGreaterThanOrEqual(0);
              expect(sent - ended).toBeLessThanOrEqual(outstanding);
              return [ended, outstanding];
            },
            { timeout: LONG_MS },
          )
          .toEqual([TASKS.length, 0]);
        const { sent, completed, dead, lost } = await valuesOf(run);
        expect([sent, completed, dead]).toEqual([300, 294, 6]);
        expect(lost).toBeGreaterThanOrEqual(2);
        run.endInput();
        expect(await run.ended()).toBe(1);
        expect(run.output.trim().split("\n")).toHaveLength(TASKS.length);
      },
      4 * LONG_MS,
    );

    test(
      "readiness is red while the broker is away, and green within 5 s of its return",
      async ({ skip }) => {
        if (broker === undefined) return skip(`no ${name} here`);
        const more = common();
        const one = await worker(more);
        const isReady = async () => (await one.page("/readyz")).status;
        await expect.poll(isReady, { timeout: LONG_MS }).toBe(200);
        for (const { leave, comeBack } of broker.away) {
          await leave();
          await expect.poll(isReady, { timeout: LONG_MS }).toBe(503);
          const { body } = await one.page<{ readonly reasons: readonly string[] }>("/readyz");
          expect(body.reasons.join()).toMatch(/: \w+ failed with (UNAVAILABLE|TIMED_OUT)/);
          // It stays so.
          await new Promise((resolve) => setTimeout(resolve, 6_000));
          expect(await isReady()).toBe(503);
          await comeBack();
          const backAt = performance.now();
          await expect.poll(isReady, { timeout: LONG_MS, interval: 100 }).toBe(200);
          expect(performance.now() - backAt).toBeLessThan(5_000);
        }
        expect(await one.stop()).toBe(0);
      },
      6 * LONG_MS,
    );

    test(
      "the scale signal follows a burst, and its end",
      async ({ skip }) => {
        skip(broker === undefined, `no ${name} here`);
        const more = common();
        const one = await worker([...more, "--concurrency", "2"]);
        const run = await coordinator([...more, "--pack", "off"]);
        interface Scale {
          readonly backlog: number;
          readonly oldestAgeSeconds: number;
          readonly drainSeconds: number | null;
          readonly desiredWorkers: number;
        }
        const scale = async (command: ServedCommand) => (await command.page<Scale>("/scale")).body;
        await expect
          .poll(() => scale(one), { timeout: LONG_MS })
          .toEqual({ backlog: 0, oldestAgeSeconds: 0, drainSeconds: 0, desiredWorkers: 0 });
        run.write(payloads(new Array(2_000).fill("slow")));
        await expect.poll(async () => (await scale(one)).desiredWorkers, { timeout: LONG_MS }).toBeGreaterThan(3);
        await expect.poll(async () => (await scale(run)).desiredWorkers, { timeout: LONG_MS }).toBeGreaterThan(3);
        const burst = await scale(one);
        expect(burst.backlog).toBeGreaterThan(1_000);
        // A tenth of a second each, two at a time.
        expect(burst.drainSeconds).toBeGreaterThan(50);
        expect(burst.oldestAgeSeconds).toBeGreaterThan(0);
        // The second one ends it at once: what is under way would be waited for.
        void run.stop("SIGINT");
        await expect.poll(() => run.errors, { timeout: LONG_MS }).toContain("a second signal ends at once");
        expect(await run.stop("SIGINT")).toBe(130);
        await expect.poll(async () => (await scale(one)).backlog, { timeout: LONG_MS }).toBeLessThan(burst.backlog);
      },
      4 * LONG_MS,
    );
    test(
      "a real Prometheus scrapes both, and the books balance there",
      async ({ skip }) => {
        const prometheus = await needService("prometheus");
        if (prometheus === undefined || broker === undefined) return skip(`no Prometheus, or no ${name}, here`);
        const more = common();
        const mark = more[1] ?? "";
        const [one, run] = [await worker(more), await coordinator(more)];
        const targets = [one, run].map((command) => ({ targets: [new URL(command.url).host], labels: { mark } }));
        await writeFile(`${instancesFolder()}/prometheus-3/targets.json`, JSON.stringify(targets));
        onTestFinished(() => writeFile(`${instancesFolder()}/prometheus-3/targets.json`, "[]\n"));
        const ask = async (query: string) => {
          const answer = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`);
          const { data } = (await answer.json()) as {
            data: { result: readonly { value: readonly [number, string] }[] };
          };
          return data.result.map(({ value }) => Number(value[1]));
        };
        const of = (name: string) => `sum(dispatch_${name}{mark="${mark}"})`;
        await expect.poll(() => ask(`count(up{mark="${mark}"} == 1)`), { timeout: LONG_MS }).toEqual([2]);
        run.write(payloads(TASKS.filter((task) => task !== "kill")));
        await expect.poll(() => ask(of("tasks_ended_total")), { timeout: LONG_MS }).toEqual([298]);
        await expect
          .poll(
            () => ask(`${of("cases_dispatched_total")} - ${of("tasks_ended_total")} - ${of("tasks_outstanding")}`),
            {
              timeout: LONG_MS,
            },
          )
          .toEqual([0]);
        // The worker is scraped at another moment than the coordinator.
        await expect.poll(() => ask(of("tasks_settled_total")), { timeout: LONG_MS }).toEqual([298]);
        const quantile = `histogram_quantile(0.5, sum by (le) (dispatch_task_process_seconds_bucket{mark="${mark}"}))`;
        const [median = 0] = await ask(quantile);
        expect([median > 0.005, median < 1]).toEqual([true, true]);
        run.endInput();
        await run.ended();
      },
      10 * LONG_MS,
    );
  });
}
