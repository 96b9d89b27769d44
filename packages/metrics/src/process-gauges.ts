import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { Gauge, type Registry } from "prom-client";

/** How often the event loop is asked, in ms; what it reports is late by as much in a loop without lag. */
const RESOLUTION_MS = 10;

interface ProcessGauge {
  readonly kind: "gauge";
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** What there is of them, as the catalogue has its own. */
export const processGauges: readonly [lag: ProcessGauge, longest: ProcessGauge, info: ProcessGauge] = Object.freeze([
  {
    kind: "gauge",
    name: "event_loop_lag_seconds",
    help: "How late the event loop turned since the last scrape, at the 99th percentile.",
    labels: [],
  },
  {
    kind: "gauge",
    name: "event_loop_stall_seconds",
    help: "The longest that the event loop stood since the last scrape: a single stall, of which a percentile shows nothing.",
    labels: [],
  },
  { kind: "gauge", name: "build_info", help: "Always 1; its labels say what runs.", labels: ["version", "node"] },
]);

/** What is the process's own, whatever it works on: who it is, and how late its event loop turns. */
export function exposeProcess(registry: Registry, prefix: string, version: string): { stop(): void } {
  const loop: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  const [lag, longest, info] = processGauges;
  const settings = ({ name, help, labels }: ProcessGauge) => ({
    ...{ name: `${prefix}_${name}`, help, labelNames: [...labels], registers: [registry], aggregator: "max" as const },
  });
  // Without a turn since the last scrape there is nothing to say, and no number.
  const secondsOf = (ns: number) => (loop.count === 0 ? 0 : Math.max(0, ns / 1e6 - RESOLUTION_MS) / 1_000);
  new Gauge({
    ...settings(lag),
    collect() {
      this.set(secondsOf(loop.percentile(99)));
    },
  });
  // A scrape asks in this order: the last one begins anew.
  new Gauge({
    ...settings(longest),
    collect() {
      this.set(secondsOf(loop.max));
      loop.reset();
    },
  });
  new Gauge({
    ...settings(info),
    collect() {
      this.set({ version, node: process.version }, 1);
    },
  });
  return { stop: () => loop.disable() };
}
