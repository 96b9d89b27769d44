import type { DispatchEvent } from "@org/dispatch-core/contract";
import { onTestFinished } from "vitest";
import { type Line, readLines, sumOf } from "../../../../tooling/observability/samples.ts";
import { Metrics } from "../metrics.ts";
import type { MetricsOptions } from "../options.ts";

/** For tests: metrics that are told events, on a clock that the test moves. */
export function opened(options: MetricsOptions = {}) {
  const clock = { nowMs: 1_700_000_000_000, wall: () => clock.nowMs };
  const metrics = Metrics.open({ clock, ...options });
  onTestFinished(() => metrics.close());
  return {
    clock,
    metrics,
    tell: (...events: readonly DispatchEvent[]) => {
      for (const event of events) metrics.observer(event);
    },
    lines: async (): Promise<Line[]> => readLines(await metrics.registry.metrics()),
    sum: async (name: string, labels: Readonly<Record<string, string>> = {}) =>
      sumOf(readLines(await metrics.registry.metrics()), name, labels),
  };
}
