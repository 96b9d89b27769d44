import { systemClock } from "@org/dispatch-core";
import type { Clock, DispatchEvent, Observer } from "@org/dispatch-core/contract";
import { Registry } from "prom-client";
import packageJson from "../package.json" with { type: "json" };
import { describeMetrics } from "./described.ts";
import { expose } from "./exposition.ts";
import { type HealthOptions, type Readiness, readinessOf } from "./health.ts";
import { checkOptions, invalid, type MetricsOptions, metricsDefaults } from "./options.ts";
import { Pacer } from "./pacer.ts";
import { exposeProcess } from "./process-gauges.ts";
import type { QueueBooks } from "./queue-books.ts";
import { Recorder } from "./recorder.ts";
import { backlogOf, type Scale, type ScaleOptions, scaleOf } from "./scale.ts";

/** Metrics of dispatchers and workers: an observer that keeps books, and a registry that reads them when somebody scrapes. */
export class Metrics {
  readonly registry: Registry;
  /** For `observer` of a `Dispatcher`, a `Worker` and a `QueueAdmin`, of one backend; whose name comes from the first call. */
  readonly observer: Observer;
  readonly #health: HealthOptions;
  readonly #scale: ScaleOptions;
  readonly #clock: Pick<Clock, "wall">;
  readonly #made: (backend: string | undefined) => Recorder;
  readonly #recorders = new Map<string, Recorder>();
  /** Of `observer`. It has no name until it was told of a call. */
  #own: Recorder;
  /** Told of every task: once its books have their name, nothing stands between. */
  #observe: Observer;
  readonly #pacers = new WeakMap<QueueBooks, Pacer>();
  readonly #names: readonly string[];
  readonly #process: ReturnType<typeof exposeProcess>;

  private constructor(options: MetricsOptions) {
    const { prefix = metricsDefaults.prefix, tasks = [], clock = systemClock(), registry = new Registry() } = options;
    const { maxTasks: mostTasks = metricsDefaults.maxTasks, maxQueues: mostQueues = metricsDefaults.maxQueues } =
      options;
    this.registry = registry;
    this.#health = { ...metricsDefaults.health, ...options.health };
    this.#scale = { ...metricsDefaults.scale, ...options.scale };
    this.#clock = clock;
    this.#made = (backend) => new Recorder({ backend, clock, tasks, mostTasks, mostQueues });
    this.#own = this.#made(undefined);
    this.#observe = (event) => this.#unnamed(event);
    this.observer = (event) => this.#observe(event);
    const recorders = () => this.#all();
    this.#names = namesIn(registry, prefix);
    expose({ registry, prefix, recorders, wall: () => clock.wall() });
    this.#process = exposeProcess(registry, prefix, packageJson.version);
  }

  /** Throws `CONFIG_INVALID` for a bad option, and where the registry has one of the names already, in which it then leaves nothing. */
  static open(options: MetricsOptions = {}): Metrics {
    checkOptions(options);
    return new Metrics(options);
  }

  /** An observer for one of several backends of a process, by its name (`backend.name`). Of one name there is one set of books, `observer`'s too. */
  observerOf(backend: string): Observer {
    return this.#recorder(backend).observe;
  }

  /** Whether work gets on, and if not, why. */
  readiness(): Readiness {
    return readinessOf([...this.#used()], this.#health, this.#clock.wall());
  }

  /** How many workers a queue should have; without a name the queue that was first heard of. */
  scale(queue?: string): Scale {
    const wallMs = this.#clock.wall();
    for (const { queues } of this.#used()) {
      for (const [name, books] of queues) {
        if (queue !== undefined && queue !== name) continue;
        const backlog = backlogOf(books, wallMs);
        const pace = this.#pacerOf(books).at(books, backlog, wallMs);
        return scaleOf(books, backlog, pace, this.#scale, wallMs);
      }
    }
    return { backlog: 0, oldestAgeSeconds: null, drainSeconds: 0, desiredWorkers: 0 };
  }

  /** Takes the metrics out of the registry, and stops measuring. */
  close(): void {
    this.#process.stop();
    for (const name of this.#names) this.registry.removeSingleMetric(name);
  }

  #recorder(backend: string): Recorder {
    let recorder = this.#recorders.get(backend);
    if (recorder === undefined) {
      recorder = this.#made(backend);
      this.#recorders.set(backend, recorder);
    }
    return recorder;
  }

  /** One backend has one recorder, whichever of its observers is told. Core tells of a call before it tells of anything else: nothing is left behind. */
  #unnamed(event: DispatchEvent): void {
    if (event.event === "call") {
      const known = this.#recorders.get(event.backend);
      if (known === undefined) this.#recorders.set(event.backend, this.#own);
      else if (!this.#own.isUsed) this.#own = known;
      this.#observe = this.#own.observe;
    }
    this.#own.observe(event);
  }

  #all(): ReadonlySet<Recorder> {
    return new Set([this.#own, ...this.#recorders.values()]);
  }

  /** Those that were told anything. */
  *#used(): Generator<Recorder> {
    for (const recorder of this.#all()) if (recorder.isUsed) yield recorder;
  }

  #pacerOf(books: QueueBooks): Pacer {
    let pacer = this.#pacers.get(books);
    if (pacer === undefined) {
      pacer = new Pacer();
      this.#pacers.set(books, pacer);
    }
    return pacer;
  }
}

/** All that will be registered, none of which is there yet: prom-client would find out half-way. */
function namesIn(registry: Registry, prefix: string): readonly string[] {
  const names = describeMetrics().map(({ name }) => `${prefix}_${name}`);
  const taken = names.find((name) => registry.getSingleMetric(name) !== undefined);
  if (taken !== undefined) throw invalid(`metrics: the registry has ${taken} already: another prefix keeps them apart`);
  return names;
}
