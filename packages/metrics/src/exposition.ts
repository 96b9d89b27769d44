import { Counter, Gauge, Histogram, type MetricValueWithName, type Registry } from "prom-client";
import type { Buckets } from "./buckets.ts";
import { catalogue } from "./catalogue.ts";
import type { Count, Spread } from "./metric-kinds.ts";
import type { Recorder } from "./recorder.ts";

export interface ExpositionOptions {
  readonly registry: Registry;
  readonly prefix: string;
  readonly recorders: () => Iterable<Recorder>;
  readonly wall: () => number;
}

/** Registers all metrics of the catalogue: what they say is read from the books when somebody scrapes. */
export function expose(options: ExpositionOptions): void {
  for (const metric of catalogue) {
    const name = `${options.prefix}_${metric.name}`;
    if (metric.kind === "histogram") new BooksHistogram(name, metric, options);
    else exposeCount(name, metric, options);
  }
}

function exposeCount(name: string, metric: Count, { registry, recorders, wall }: ExpositionOptions): void {
  const { help, labels, kind, together: aggregator = "sum" as const } = metric;
  const settings = { name, help, labelNames: [...labels], registers: [registry], aggregator };
  const refill = (target: { reset(): void; inc(labels: Record<string, string>, value: number): void }) => {
    target.reset();
    for (const recorder of recorders())
      for (const [values, value] of metric.read(recorder, wall())) target.inc(labelled(labels, values), value);
  };
  if (kind === "counter") new Counter({ ...settings, collect() { refill(this); } }); // biome-ignore format: one line
  else new Gauge({ ...settings, collect() { refill(this); } }); // biome-ignore format: one line
}

/** A histogram whose buckets were counted elsewhere: prom-client would have each value observed by itself. */
class BooksHistogram extends Histogram {
  readonly #name: string;
  readonly #metric: Spread;
  readonly #recorders: () => Iterable<Recorder>;

  constructor(name: string, metric: Spread, { registry, recorders }: ExpositionOptions) {
    const { help, labels } = metric;
    super({ name, help, labelNames: [...labels], registers: [registry] });
    this.#name = name;
    this.#metric = metric;
    this.#recorders = recorders;
  }

  override async get(): ReturnType<Histogram["get"]> {
    const { help, labels } = this.#metric;
    const values: MetricValueWithName<string>[] = [];
    for (const recorder of this.#recorders())
      for (const [given, buckets] of this.#metric.read(recorder))
        values.push(...this.#values(labelled(labels, given), buckets));
    // Its types say that a number is the type, and that what is read can be asked to collect; neither is so.
    return { name: this.#name, help, type: "histogram", values, aggregator: "sum" } as never;
  }

  /** What the registry asks, so as to print it. */
  getForPromString() {
    return this.get();
  }

  #values(labels: Record<string, string>, { bounds, counts, sum, count }: Buckets): MetricValueWithName<string>[] {
    let below = 0;
    const buckets = counts.map((more, place) => {
      below += more;
      return {
        metricName: `${this.#name}_bucket`,
        labels: { le: String(bounds[place] ?? "+Inf"), ...labels },
        value: below,
      };
    });
    return [
      ...buckets,
      { metricName: `${this.#name}_sum`, labels, value: sum },
      { metricName: `${this.#name}_count`, labels, value: count },
    ];
  }
}

function labelled(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, place) => [name, values[place] ?? ""]));
}
