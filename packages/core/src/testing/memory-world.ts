import { VirtualClock } from "../clock.ts";
import type { Delivery, DispatchEvent, OutFrame, Queue } from "../contract/index.ts";
import { Dispatcher } from "../dispatcher.ts";
import { type Character, type MemoryBackend, type MemoryOptions, memory } from "../memory/index.ts";
import type { DispatcherOptions, WorkerOptions } from "../plan/options.ts";
import { deadQueue, workQueue } from "../queues.ts";
import type { Run } from "../result/run.ts";
import { defineTask, type Handler, type Task } from "../work/task.ts";
import { Worker } from "../worker.ts";
import { decoded } from "./frames.ts";

// For tests only; not a part of the package.

export const WORK = workQueue("default");
export const DEAD = deadQueue("default");
const never: AbortSignal = new AbortController().signal;

/** The memory backend with dispatchers and workers on one clock that stands still, and all that they say. */
export class MemoryWorld {
  readonly clock = new VirtualClock();
  readonly events: DispatchEvent[] = [];
  /** Every character has all verbs that the tests use. */
  readonly backend: MemoryBackend;

  constructor(options: MemoryOptions | { readonly character: Character } = {}) {
    this.backend = "character" in options ? (memory(options) as unknown as MemoryBackend) : memory(options);
  }

  get #common() {
    return { clock: this.clock, random: () => 0.5, observer: (event: DispatchEvent) => void this.events.push(event) };
  }

  dispatcher(options: DispatcherOptions = {}): Promise<Dispatcher> {
    return Dispatcher.open(this.backend, { ...this.#common, coordinator: "c1", ...options });
  }

  /** A worker of the task `default`, unless tasks are given. */
  worker(tasks: Handler<never, unknown> | readonly Task[], options: WorkerOptions = {}): Promise<Worker> {
    const all = typeof tasks === "function" ? [defineTask({ handler: tasks })] : tasks;
    return Worker.start(this.backend, all, { ...this.#common, id: "w1", ...options });
  }

  of<K extends DispatchEvent["event"]>(event: K): Extract<DispatchEvent, { event: K }>[] {
    return this.events.filter((one): one is Extract<DispatchEvent, { event: K }> => one.event === event);
  }

  /** Moves time on until the promise settles, for a day at most. Rejects as it does. */
  async until<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    if (!(await this.clock.advanceUntil(() => settled, limitMs))) throw new Error("it never settles");
    return promise;
  }

  /** The results of a run, by index: `completed 7`, `dead REJECTED`. */
  async outcomes<O>(run: Run<O>, limitMs?: number): Promise<string[]> {
    const results = await this.until(run.results(), limitMs);
    return results
      .toSorted((a, b) => a.index - b.index)
      .map(({ outcome, value, error }) => `${outcome} ${error === undefined ? JSON.stringify(value) : error.code}`);
  }

  /** Opens queues as another process would have. */
  async open(...queues: readonly Queue[]): Promise<void> {
    const options = { receive: queues, send: queues, create: true, leaseMs: 1_000, clock: this.clock };
    await this.backend.open(options, never);
  }

  async put(queue: Queue, ...frames: readonly OutFrame[]): Promise<void> {
    const outcomes = await this.backend.send(queue, frames, never);
    if (outcomes.some((outcome) => outcome !== "ok")) throw new Error("not sent");
  }

  /** Takes frames as a worker would that then does nothing about them. */
  take(queue: Queue, max = 100, leaseMs = 1_000): Promise<readonly Delivery[]> {
    return this.backend.receive(queue, { max, waitMs: 0, leaseMs }, never);
  }

  /** Takes frames out for good, as a broker does that loses them. */
  async lose(queue: Queue, max = 100): Promise<number> {
    const deliveries = await this.take(queue, max);
    await this.backend.settle(
      deliveries.map(({ receipt }) => ({ kind: "ack", receipt })),
      never,
    );
    return deliveries.length;
  }

  /** `ready/leased/delayed`. */
  async depth(queue: Queue = WORK): Promise<string> {
    const { ready, leased, delayed } = await this.backend.depth(queue, never);
    return `${ready}/${leased}/${delayed}`;
  }

  /** The dead letters: their tasks' indexes and reasons. */
  async dead(): Promise<string[]> {
    const { frames } = await this.backend.browse(DEAD, { max: 1_000 }, never);
    return frames.map(({ bytes }) => {
      const { first, death } = decoded(bytes);
      return `${first} ${death?.reason} ${death?.attempts}/${death?.lost}`;
    });
  }
}
