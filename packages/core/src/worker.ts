import { randomBytes } from "node:crypto";
import type { Backend, WorkerStatus } from "./contract/index.ts";
import { takeBackCredit } from "./credit.ts";
import { pause, within } from "./pause.ts";
import { type WorkerOptions, workerSettings } from "./plan/options.ts";
import { planWorker } from "./plan/plan.ts";
import { ServedTasks } from "./served-tasks.ts";
import type { Task } from "./work/task.ts";
import { WorkerParts } from "./worker-parts.ts";

/** Leases the tasks of one queue, proves that it is alive, runs their handlers, and settles them: from its start to its stop. */
export class Worker implements AsyncDisposable {
  readonly id: string;
  readonly #parts: WorkerParts;
  readonly #taking = new AbortController();
  readonly #receiving = new AbortController();
  readonly #hurry = new AbortController();
  #fetched: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  private constructor(parts: WorkerParts) {
    this.id = parts.settings.id;
    this.#parts = parts;
  }

  /**
   * Begins to take tasks; resolves when the queue is open. The backend stays the caller's: `stop` does not close it. Throws `CONFIG_INVALID` for a bad
   * option or two tasks of one name, `UNSUPPORTED` for what the backend cannot do, and a `DispatchError` when the broker cannot be reached.
   */
  static async start(backend: Backend, tasks: Task | readonly Task[], options: WorkerOptions = {}): Promise<Worker> {
    const settings = workerSettings(options, randomBytes(6).toString("hex"));
    const served = [tasks].flat() as readonly Task[];
    planWorker(backend.profile, { ...settings, tasks: served });
    const worker = new Worker(await WorkerParts.open(backend, new ServedTasks(served), settings));
    worker.#begin();
    return worker;
  }

  get status(): WorkerStatus {
    const { keeper, slots, concluding } = this.#parts;
    const { finished, released } = concluding;
    return { held: keeper.size, tasks: keeper.tasks, running: slots.running, finished, released };
  }

  /**
   * Takes nothing new, gives back what has not begun, lets handlers finish for `drainMs`, then aborts them and sends their tasks on as copies, and waits
   * for at most `abandonMs` more. No attempt is counted. Every call answers the same promise.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Ends the wait for handlers now: of a stop that is under way, or of one that begins with this. */
  abort(): void {
    this.#hurry.abort();
    void this.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #begin(): void {
    const { settings, observer, tasks, fetching, delays } = this.#parts;
    const { queue, concurrency } = settings;
    observer?.({
      event: "worker_started",
      queue,
      workerId: this.id,
      slots: concurrency,
      tasks: tasks.names,
      status: () => this.status,
    });
    this.#fetched = fetching.run(this.#taking.signal, this.#receiving.signal);
    delays.run(this.#taking.signal);
  }

  async #stop(): Promise<void> {
    const { settings, profile, clock, calls, receives, packs, slots, rest, settler, beater, keeper, delays } =
      this.#parts;
    const { drainMs, abandonMs, leaseMs } = settings;
    this.#parts.isStopping = true;
    packs.giveBack([...slots.close(), ...rest.withdraw(() => true)]);
    this.#taking.abort();
    const takeBack = async () => {
      this.#receiving.abort();
      await this.#fetched;
      await takeBackCredit({ calls, clock, leaseMs }, receives, abandonMs);
    };
    // A poll that cannot be called back ends by itself, within the drain: what it still brings goes back from here. Released by `close`, it could count.
    const polls = profile.pollMs > 0 ? this.#fetched : undefined;
    if (polls === undefined) await takeBack();
    const drained = new AbortController();
    void slots.empty().then(() => drained.abort());
    const ended = new AbortController();
    void Promise.all([slots.empty(), polls]).then(() => ended.abort());
    await pause(clock, drainMs, AbortSignal.any([ended.signal, this.#hurry.signal]));
    if (polls !== undefined) await takeBack();
    slots.stopAll("SHUTTING_DOWN");
    // What a broker that is away does not take in time is left to the leases: a stop ends in its bound.
    await Promise.all([within(clock, settler.idle(), abandonMs), pause(clock, abandonMs, drained.signal)]);
    beater.beat();
    keeper.close();
    await within(clock, delays.close(), abandonMs);
    const { observer, concluding } = this.#parts;
    const { finished, released } = concluding;
    observer?.({ event: "worker_stopped", queue: settings.queue, workerId: this.id, finished, released });
  }
}
