import { catalogue } from "./catalogue.ts";
import { processGauges } from "./process-gauges.ts";

/** One metric, for pages and dashboards. */
export interface DescribedMetric {
  /** Without the prefix. */
  readonly name: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

/** All metrics that there are. */
export function describeMetrics(): DescribedMetric[] {
  return [...catalogue, ...processGauges].map(({ name, kind, labels, help }) => ({ name, kind, labels, help }));
}
