/** The rules as they are, but for their times: for tests and demonstrations, which cannot wait for ten minutes. */
import { stringify } from "yaml";
import { readExpression } from "./promql.ts";
import type { RulesFile } from "./rules.ts";

/** A minute of the rules is a second here. */
const FACTOR = 60;
const UNITS_S: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

/** The text of a rules file with every `for`, window and offset a sixtieth. A window stays `leastSeconds` wide, so that there are samples in it. */
export function shortened({ groups }: RulesFile, leastSeconds: number): string {
  const short = groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => ({
      ...rule,
      expr: withDurations(rule.expr, leastSeconds),
      ...(rule.for !== undefined && { for: shorter(rule.for, 1) }),
    })),
  }));
  return stringify({ groups: short });
}

function withDurations(expression: string, leastSeconds: number): string {
  let short = expression;
  // From the last to the first, so that the places of those before stay right.
  for (const { from, to, text } of readExpression(expression).durations.toReversed())
    short = `${short.slice(0, from)}${shorter(text, leastSeconds)}${short.slice(to)}`;
  return short;
}

function shorter(duration: string, leastSeconds: number): string {
  const [, number, unit = ""] = /^(\d+)([smh])$/.exec(duration) ?? [];
  const seconds = Number(number) * (UNITS_S[unit] ?? Number.NaN);
  if (Number.isNaN(seconds)) throw new Error(`no duration of one unit: ${duration}`);
  return `${Math.max(leastSeconds, Math.round(seconds / FACTOR))}s`;
}
