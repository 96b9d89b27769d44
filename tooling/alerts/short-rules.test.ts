/** The short variant of the rules has the same alerts, and other times. */
import { expect, test } from "vitest";
import { parse } from "yaml";
import { readRules } from "./rules.ts";
import { shortened } from "./short-rules.ts";

const rule = (expr: string, more = {}) => ({ groups: [{ name: "g", rules: [{ alert: "A", expr, labels: {}, annotations: {}, ...more }] }] }); // biome-ignore format: one line
const short = (expr: string, more = {}) => parse(shortened(rule(expr, more), 10)).groups[0].rules[0];

test.each([
  ["rate(x[10m]) > 5", "rate(x[10s]) > 5"],
  ["rate(x[30m]) - (rate(x[1h]) unless y offset 2m)", "rate(x[30s]) - (rate(x[60s]) unless y offset 10s)"],
  ["x > 10000", "x > 10000"],
])("%s becomes %s", (long, expected) => {
  expect(short(long).expr).toBe(expected);
});

test("so does how long it has to be so, where it has to", () => {
  expect(short("x", { for: "5m" }).for).toBe("5s");
  expect(short("x", { for: "30s" }).for).toBe("1s");
  expect(short("x")).not.toHaveProperty("for");
});

test("a duration that nobody knows is refused", () => {
  expect(() => short("rate(x[1m30s])")).toThrow("no duration of one unit");
});

test("of the real rules, all else stays", async () => {
  const rules = await readRules();
  const times = /\d+[smh]\b/g;
  const withoutTimes = (value: unknown) => JSON.stringify(value).replace(times, "…");
  expect(withoutTimes(parse(shortened(rules, 10)))).toBe(withoutTimes(rules));
});
