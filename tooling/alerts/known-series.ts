/** The series that processes of ours expose, and what expressions may ask of them. */
import { codes } from "../../packages/core/dist/index.js";
import { describeMetrics, metricsDefaults } from "../../packages/metrics/dist/index.js";
import { readExpression, type Selector } from "./promql.ts";

/** What a scraper adds to every series. */
const SCRAPED = ["instance", "job"];

/** Words of the label `reason` beside codes: why a task went back, and how a lease was lost. */
const REASONS = ["failed", "timed_out", "shutdown", "released", "last_chance", "lost", "split", "expired", "fenced"];
const OUTCOMES = ["completed", "dead", "expired", "cancelled"];

/** Labels of each series, by its whole name. */
const series: ReadonlyMap<string, readonly string[]> = new Map([
  // Prometheus's own, of the alerts that it evaluates.
  ["ALERTS", ["alertname", "alertstate", "severity"]],
  ...describeMetrics().flatMap(({ name, kind, labels }) => {
    const whole = `${metricsDefaults.prefix}_${name}`;
    if (kind !== "histogram") return [[whole, labels] as const];
    return [
      [`${whole}_bucket`, [...labels, "le"]] as const,
      [`${whole}_sum`, labels] as const,
      [`${whole}_count`, labels] as const,
    ];
  }),
]);

/** Is there a series of this whole name, or a metric that has series? */
export function isSeries(name: string): boolean {
  return series.has(name) || series.has(`${name}_bucket`);
}

/** The names in an expression, without what a histogram adds to its own. */
export function metricsIn(expression: string): string[] {
  return [...new Set(readExpression(expression).selectors.map(({ metric }) => metric.replace(/_(bucket|sum|count)$/, "")))]; // biome-ignore format: one line
}

/** What is wrong with an expression: a series, a label or a word of a label that no process exposes. Throws where it is no PromQL. */
export function problemsOf(expression: string): string[] {
  const { selectors, groupings } = readExpression(expression);
  const known = new Set(selectors.flatMap(({ metric }) => series.get(metric) ?? []));
  return [
    ...(selectors.length === 0 ? ["it asks for no series"] : []),
    ...selectors.flatMap(problemsOfSelector),
    ...groupings.filter((label) => !known.has(label) && !SCRAPED.includes(label)).map((label) => `no series of it has the label ${label}`), // biome-ignore format: one line
  ];
}

function problemsOfSelector({ metric, matchers }: Selector): string[] {
  const labels = series.get(metric);
  if (labels === undefined) return [`there is no ${metric || "selector without a name"}`];
  return matchers.flatMap(({ label, value }) => {
    if (!labels.includes(label) && !SCRAPED.includes(label)) return [`${metric} has no label ${label}`];
    const words = wordsOf(label);
    if (words === undefined || value.startsWith("$")) return [];
    return value.split("|").filter((word) => word !== "" && !words.includes(word)).map((word) => `${label} is never ${word}`); // biome-ignore format: one line
  });
}

/** All that a label may say; undefined: anything. */
function wordsOf(label: string): readonly string[] | undefined {
  if (label === "reason") return [...Object.keys(codes), ...REASONS];
  return label === "outcome" ? OUTCOMES : undefined;
}
