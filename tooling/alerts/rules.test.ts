/** The alerts: promtool takes them, each fires and is quiet where it should, and what they ask for exists. */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { needPromtool, promtool } from "../services/prometheus/promtool.ts";
import { metricsIn, problemsOf } from "./known-series.ts";
import { readAlerts, rulesFolder } from "./rules.ts";

interface Case {
  readonly name: string;
  readonly input_series: readonly { readonly series: string }[];
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
}

const alerts = await readAlerts();
const isPromtoolThere = await needPromtool();
const { tests } = parse(await readFile(`${rulesFolder}/rules.test.yml`, "utf8")) as { tests: readonly Case[] };

describe.skipIf(!isPromtoolThere)("promtool", () => {
  test("takes the rules, with all that it lints", async () => {
    const { code, output } = await promtool(["check", "rules", "--lint=all", "--lint-fatal", "rules.yml"], rulesFolder);
    expect([code, output]).toEqual([0, expect.stringContaining(`SUCCESS: ${alerts.length} rules found`)]);
  }, 300_000);

  test("finds each alert to fire and to be quiet as it should", async () => {
    const { code, output } = await promtool(["test", "rules", "rules.test.yml"], rulesFolder);
    expect(code, output).toBe(0);
  }, 60_000);
});

test("there are at least twelve, each with a name of its own", () => {
  expect(alerts.length).toBeGreaterThanOrEqual(12);
  expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
});

describe.each(alerts)("$alert", ({ alert, expr, labels, annotations }) => {
  test("asks for series, labels and words that exist", () => {
    expect(problemsOf(expr)).toEqual([]);
  });

  test("says how bad it is, what is the matter, and where to read on", () => {
    expect(["warning", "critical"]).toContain(labels.severity);
    expect(Object.keys(annotations).sort()).toEqual(["description", "runbook_url", "summary"]);
    for (const text of Object.values(annotations)) expect(text).toMatch(/\S{3}/);
  });

  test("has a firing and a quiet case, both with the series that it asks for", () => {
    const own = tests.flatMap((one) => one.alert_rule_test.filter(({ alertname }) => alertname === alert).map((check) => ({ ...check, of: one }))); // biome-ignore format: one line
    expect(own.map(({ exp_alerts }) => exp_alerts.length > 0).sort()).toEqual([false, true]);
    for (const { of } of own) {
      const given = of.input_series.flatMap(({ series }) => metricsIn(series));
      expect(new Set(given)).toEqual(new Set(metricsIn(expr)));
    }
  });
});

test("no case is of an alert that does not exist", () => {
  const names = alerts.map(({ alert }) => alert);
  for (const { alert_rule_test } of tests) for (const { alertname } of alert_rule_test) expect(names).toContain(alertname); // biome-ignore format: one line
});

describe("what is wrong is found", () => {
  test.each([
    ["sum(dispatch_nothing)", "there is no dispatch_nothing"],
    ['dispatch_slots{task="a"}', "dispatch_slots has no label task"],
    ["sum by (task) (dispatch_slots)", "no series of it has the label task"],
    ['dispatch_tasks_settled_total{outcome="done"}', "outcome is never done"],
    ['dispatch_leases_lost_total{reason=~"expired|gone"}', "reason is never gone"],
    ['{job="dispatch"}', "there is no selector without a name"],
    ["1 > 0", "it asks for no series"],
  ])("%s", (expression, problem) => {
    expect(problemsOf(expression)).toEqual([problem]);
  });

  test("and so is what is no PromQL", () => {
    expect(() => problemsOf("sum(dispatch_slots")).toThrow("no PromQL");
  });
});
