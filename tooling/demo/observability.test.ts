/**
 * One run of `./dev demo observability`, as a person starts it: alerts fire for real and clear, as Prometheus itself says, and each panel of the
 * dashboards shows something meanwhile. And however it ends, nothing of it is left.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { describeMetrics, metricsDefaults } from "../../packages/metrics/dist/index.js";
import { asAsked, boards } from "../grafana/boards.ts";
import { needService } from "../services/need-service.ts";
import type { ServerProcess } from "../services/service.ts";
import { alive, DemoProcess } from "./demo-process.ts";
import { faults } from "./faults.ts";

/** It takes 40 s on a quiet machine. */
const LONG_MS = 300_000;

/** What need not happen in the demonstration: a series that is none of these and never appears is a fault of the dashboards. */
const RARE = ["leases_lost_total", "slots_abandoned_total", "results_undeliverable_total", "frames_rejected_total"];

const wanted = faults.flatMap(({ alerts }) => alerts);

const queries = boards.flatMap(
  ({ name, rows }) =>
  rows.flatMap(({ panels }) => panels.flatMap(({ title, queries }) => queries.map(({ expr }) => ({ panel: `${name}: ${title}`, expr: asAsked(expr, 13) })))), // biome-ignore format: one line
);

let isPossible = false;
beforeAll(async () => {
  isPossible = (await needService("redis")) !== undefined && (await needService("prometheus")) !== undefined;
}, LONG_MS);

beforeEach(({ skip }) => skip(!isPossible, "no Redis, or no Prometheus, here"));

/** Prometheus's own words. */
async function ask<T>(url: string, path: string, params: Record<string, string>, signal: AbortSignal): Promise<T> {
  const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(params)}`, { signal });
  return ((await answer.json()) as { readonly data: T }).data;
}
interface Answered {
  readonly result: readonly { readonly metric: Readonly<Record<string, string>> }[];
}

describe("a whole run", () => {
  const withData = new Set<(typeof queries)[number]>();
  const names = new Set<string>();
  const fired = new Set<string | undefined>();
  const firing = new Set<string | undefined>();
  let demo: DemoProcess;
  let processes: readonly ServerProcess[] = [];
  let exitCode: number | null = null;

  beforeAll(async () => {
    if (!isPossible) return;
    demo = new DemoProcess("--hold");
    const over = new AbortController();
    const ended = demo.ended().finally(() => over.abort());
    await demo.untilItSays("BREAK");
    const url = /Prometheus at (http:\/\/[\d.:]+)/.exec(demo.output)?.[1] ?? "";
    processes = await demo.processes();
    // It holds, so that nobody has to be as quick as it is: what fires then is asked when all is over, and what has fired is kept there.
    do await look(url, over.signal);
    while (!demo.output.includes("until Ctrl-C") || wanted.some((alert) => firing.has(alert)));
    demo.signal("SIGINT", true);
    exitCode = await ended;
  }, LONG_MS);
  afterAll(() => demo?.signal("SIGINT"));

  async function look(url: string, signal: AbortSignal): Promise<void> {
    for (const query of queries) {
      if (withData.has(query)) continue;
      const { result } = await ask<Answered>(url, "query", { query: query.expr }, signal);
      if (result.length > 0) withData.add(query);
    }
    const series = await ask<readonly string[]>(url, "label/__name__/values", { "match[]": '{__name__=~"dispatch_.+"}' }, signal); // biome-ignore format: one line
    for (const name of series) names.add(name.replace(/_(bucket|sum|count)$/, ""));
    const alerts = async (expr: string) => (await ask<Answered>(url, "query", { query: expr }, signal)).result.map(({ metric }) => metric.alertname); // biome-ignore format: one line
    for (const name of await alerts('max_over_time(ALERTS{alertstate="firing"}[15m])')) fired.add(name);
    firing.clear();
    for (const name of await alerts('ALERTS{alertstate="firing"}')) firing.add(name);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }

  test("goes well, and says so", () => {
    expect(exitCode, demo.output).toBe(0);
    expect(demo.output).toMatch(/all 4 alerts have fired and cleared\n/);
  });

  test.each(wanted)("%s fires and clears, by Prometheus's own words and in the terminal", (alert) => {
    expect([fired.has(alert), firing.has(alert)]).toEqual([true, false]);
    expect(demo.output).toMatch(
      new RegExp(`FIRING +${alert}: .+\\(docs/runbook/.+\\.md\\)\n(.*\n)*.*cleared +${alert}\n`),
    );
  });

  test("each query of each panel has had an answer", () => {
    expect(queries.filter((query) => !withData.has(query))).toEqual([]);
  });

  test("every metric was there but those of what did not happen", () => {
    const usual = describeMetrics().filter(({ name }) => !RARE.includes(name));
    expect(usual.map(({ name }) => `${metricsDefaults.prefix}_${name}`).filter((name) => !names.has(name))).toEqual([]);
  });

  test("nothing of it is left", () => {
    expect(processes.length).toBeGreaterThanOrEqual(4);
    expect([alive(processes), demo.isGone]).toEqual([[], true]);
  });
});

test(
  "one that is killed leaves its servers to the next, and Ctrl-C leaves nothing",
  async ({ skip }) => {
    skip(!isPossible, "no Redis, or no Prometheus, here");
    const begin = async () => {
      const demo = new DemoProcess();
      onTestFinished(() => demo.signal("SIGINT"));
      await demo.untilItSays("BREAK");
      return { demo, processes: await demo.processes() };
    };
    const killed = await begin();
    killed.demo.signal("SIGKILL");
    await killed.demo.ended();
    expect(alive(killed.processes)).not.toEqual([]);

    const next = await begin();
    expect([alive(killed.processes), killed.demo.isGone]).toEqual([[], true]);
    next.demo.signal("SIGINT", true);
    expect(await next.demo.ended(), next.demo.output).toBe(130);
    expect([alive(next.processes), next.demo.isGone]).toEqual([[], true]);
  },
  LONG_MS,
);
