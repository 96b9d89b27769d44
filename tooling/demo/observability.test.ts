/**
 * One run of `./dev demo observability`, as a person starts it: alerts fire for real and clear, as Prometheus itself says, and each panel of the
 * dashboards shows something meanwhile. And however it ends, nothing of it is left.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { describeMetrics, metricsDefaults } from "../../packages/metrics/dist/index.js";
import { asAsked, boards } from "../grafana/boards.ts";
import { needService } from "../services/need-service.ts";
import type { ServerProcess } from "../services/service.ts";
import { type AlertChange, AlertWatch } from "./alert-watch.ts";
import { alive, DemoProcess } from "./demo-process.ts";
import { faults } from "./faults.ts";

/** It takes 40 s on a quiet machine. */
const LONG_MS = 300_000;

/** What need not happen in the demonstration: a series that is none of these and never appears is a fault of the dashboards. */
const RARE = ["leases_lost_total", "slots_abandoned_total", "results_undeliverable_total", "frames_rejected_total"];

const queries = boards.flatMap(
  ({ name, rows }) =>
  rows.flatMap(({ panels }) => panels.flatMap(({ title, queries }) => queries.map(({ expr }) => ({ panel: `${name}: ${title}`, expr: asAsked(expr, 13) })))), // biome-ignore format: one line
);

let isPossible = false;
beforeAll(async () => {
  isPossible = (await needService("redis")) !== undefined && (await needService("prometheus")) !== undefined;
}, LONG_MS);

beforeEach(({ skip }) => skip(!isPossible, "no Redis, or no Prometheus, here"));

describe("a whole run", () => {
  const changes: AlertChange[] = [];
  const withData = new Set<(typeof queries)[number]>();
  const names = new Set<string>();
  let demo: DemoProcess;
  let processes: readonly ServerProcess[] = [];
  let exitCode: number | null = null;

  beforeAll(async () => {
    if (!isPossible) return;
    demo = new DemoProcess();
    const seen = new AbortController();
    const ended = demo.ended().finally(() => seen.abort());
    await demo.untilItSays("BREAK");
    const url = /Prometheus at (http:\/\/[\d.:]+)/.exec(demo.output)?.[1] ?? "";
    processes = await demo.processes();
    // It ends while somebody asks: then there is no answer any more.
    const watching = new AlertWatch(url, (change) => changes.push(change)).watch(seen.signal).catch(() => {});
    while (!seen.signal.aborted) await lookAtPanels(url, seen.signal).catch(() => {});
    exitCode = await ended;
    await watching;
  }, LONG_MS);
  afterAll(() => demo?.signal("SIGINT"));

  async function lookAtPanels(url: string, signal: AbortSignal): Promise<void> {
    const ask = async (path: string, params: Record<string, string>) => {
      const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(params)}`, { signal });
      return (await answer.json()) as { readonly status: string; readonly data: unknown };
    };
    for (const query of queries) {
      if (withData.has(query)) continue;
      const { data } = await ask("query", { query: query.expr });
      if (((data as { result?: readonly unknown[] }).result ?? []).length > 0) withData.add(query);
    }
    const { data } = await ask("label/__name__/values", { "match[]": '{__name__=~"dispatch_.+"}' });
    for (const name of data as readonly string[]) names.add(name.replace(/_(bucket|sum|count)$/, ""));
    await new Promise((resolve) => setTimeout(resolve, 500));
  }

  test("goes well, and says so", () => {
    expect(exitCode, demo.output).toBe(0);
    expect(demo.output).toMatch(/all 4 alerts have fired and cleared\n/);
  });

  test.each(faults.flatMap(({ alerts }) => alerts))(
    "%s fires and clears, by Prometheus's own words and in the terminal",
    (alert) => {
      if (!isPossible) return;
      const states = changes.filter((change) => change.alert === alert).map(({ state }) => state);
      expect(states.indexOf("firing"), states.join()).toBeGreaterThanOrEqual(0);
      expect(states.lastIndexOf("inactive"), states.join()).toBeGreaterThan(states.indexOf("firing"));
      expect(demo.output).toMatch(
        new RegExp(`FIRING +${alert}: .+\\(docs/runbook/.+\\.md\\)\n(.*\n)*.*cleared +${alert}\n`),
      );
    },
  );

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
