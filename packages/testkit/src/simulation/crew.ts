import { WorkerProcess } from "../world/worker-process.ts";
import { QUEUE, type World } from "../world/world.ts";
import type { Parts } from "./parts.ts";

/** The workers of a simulation: as many as there should be, since each that goes is followed by another. */
export class Crew {
  readonly #parts: Parts;
  readonly #world: World;
  readonly #all: WorkerProcess[] = [];
  readonly #stops: { readonly host: WorkerProcess; readonly at: number; endedAt: number | undefined }[] = [];
  #ended = false;
  crashes = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#world = parts.world;
  }

  /** All that were ever started. */
  get all(): readonly WorkerProcess[] {
    return this.#all;
  }

  get alive(): readonly WorkerProcess[] {
    return this.#all.filter((host) => host.isStarted && !host.process.isDead && !this.#isStopping(host));
  }

  /** Those that were told to stop, and when that ended. */
  get stops() {
    return this.#stops;
  }

  hire(): void {
    if (this.#ended) return;
    const { setting, network, trace, world } = this.#parts;
    const host = new WorkerProcess(world.process("worker"), world.ledger);
    const { process } = host;
    this.#all.push(host);
    this.#parts.prepare(process);
    process.intercept([...this.#parts.verbs], network.interceptor(process.name));
    host.onCrash(() => {
      this.crashes += 1;
      trace.note(process.name, "crashes");
      world.clock.after(setting.leaseMs / 10, () => this.hire());
    });
    const options = { queue: QUEUE, random: world.random, observer: this.#parts.observer(process.name) };
    host.start(this.#parts.tasks, { ...options, ...setting.worker }).catch((error: unknown) => {
      trace.note(process.name, `cannot start: ${String(error)}`);
      process.crash();
      world.clock.after(setting.leaseMs, () => this.hire());
    });
  }

  /** A graceful stop; another worker comes at once. */
  stop(host: WorkerProcess): void {
    const stop = { host, at: this.#world.clock.now(), endedAt: undefined as number | undefined };
    this.#stops.push(stop);
    this.#parts.trace.note(host.id, "is told to stop");
    host.stop().then(
      () => {
        stop.endedAt = this.#world.clock.now();
        this.#leftBehind(host);
        // Its process ends, and with it the connection that is its own.
        if (host.process.session !== undefined && !this.#ended) return host.process.session.close();
      },
      (error: unknown) => this.#parts.trace.note(host.id, `its stop failed: ${String(error)}`),
    );
    this.hire();
  }

  /** Stops all that still run. Resolves when they have. */
  async end(): Promise<void> {
    this.#ended = true;
    const stopping = this.#all
      .filter((host) => host.isStarted && !host.process.isDead)
      .map((host) => {
        host.process.thaw();
        host.worker.abort();
        return Promise.race([host.stop(), new Promise<void>((resolve) => host.onCrash(resolve))]);
      });
    await this.#world.time.wait(Promise.all(stopping), "all workers stop");
  }

  /** What has begun and could not be settled in the bound of the stop is released with the connection: it comes again with the same token. */
  #leftBehind(host: WorkerProcess): void {
    const { world, network } = this.#parts;
    const settled = settling.flatMap((event) => world.events.named(event).filter(isOf(host)));
    for (const { id, startedAt } of world.ledger.runs.filter((run) => run.worker === host.id))
      if (!settled.some(({ taskId, at }) => taskId === id && at >= startedAt)) network.doubted.add(id);
  }

  #isStopping(host: WorkerProcess): boolean {
    return this.#stops.some((stop) => stop.host === host);
  }
}

const settling = ["queue_completed", "queue_requeued", "task_dead", "task_expired", "task_cancelled"] as const;

const isOf =
  ({ id }: WorkerProcess) =>
  ({ workerId }: { readonly workerId: string }) =>
    workerId === id;
