import { randomBytes } from "node:crypto";
import { beginRun } from "./begin-run.ts";
import type { Backend } from "./contract/index.ts";
import { DispatcherParts } from "./dispatcher-parts.ts";
import { DispatchError } from "./errors.ts";
import {
  type DispatcherOptions,
  dispatcherSettings,
  type RunOptions,
  runSettings,
  type SendOptions,
  sendSettings,
} from "./plan/options.ts";
import { planRun, planTask } from "./plan/plan.ts";
import type { OpenRun } from "./result/open-run.ts";
import { Run } from "./result/run.ts";
import type { Input } from "./send/input.ts";
import { type SentTask, SingleSends } from "./single-sends.ts";
import { kindOf } from "./task-frames.ts";
import type { Task } from "./work/task.ts";

/** Hands out tasks, and collects the results of runs. */
export class Dispatcher implements AsyncDisposable {
  readonly #parts: DispatcherParts;
  readonly #singles: SingleSends;
  #closed: Promise<void> | undefined;

  private constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#singles = new SingleSends(parts);
  }

  /**
   * Opens the queue for sending; with a `coordinator` id also for results, so that those of an earlier process arrive. The backend stays the caller's:
   * `close` does not close it. Throws `CONFIG_INVALID` for a bad option, and a `DispatchError` when the broker cannot be reached.
   */
  static async open(backend: Backend, options: DispatcherOptions = {}): Promise<Dispatcher> {
    const settings = dispatcherSettings(options, randomBytes(6).toString("hex"));
    const dispatcher = new Dispatcher(await DispatcherParts.open(backend, settings));
    if (options.coordinator !== undefined) await dispatcher.#parts.collect();
    return dispatcher;
  }

  /** The id under which workers send results back. */
  get coordinator(): string {
    return this.#parts.coordinator.id;
  }

  /**
   * Fans inputs out and collects a result for each. Reads the inputs as far as the window allows, as `for await` does. Throws `CONFIG_INVALID` or
   * `UNSUPPORTED` for its options, and `CLOSED`; an input that cannot be a task ends as `dead` with `INPUT_INVALID`.
   */
  run<I, O>(
    task: Task<I, O> | string,
    inputs: Iterable<I | Input<I>> | AsyncIterable<I | Input<I>>,
    options: RunOptions = {},
  ): Run<O> {
    this.#mustBeOpen();
    const kind = kindOf(task);
    const settings = runSettings(options);
    if (!isIterable(inputs))
      throw new DispatchError("CONFIG_INVALID", "inputs is neither an iterable nor an async iterable");
    planRun(this.#parts.calls.backend.profile, settings);
    planTask(this.#parts.routes, settings);
    return new Run<O>(beginRun<I, O>(this.#parts, kind, inputs, settings) as OpenRun<O>);
  }

  /**
   * Sends one task for which nobody waits. Resolves when the broker has it. Throws `INPUT_INVALID`, `TOO_LARGE`, `QUEUE_FULL`, `CONFIG_INVALID`,
   * `UNSUPPORTED`, `CLOSED`, or after 30 s what keeps the broker away.
   */
  async send<I>(task: Task<I, unknown> | string, payload: I, options: SendOptions = {}): Promise<SentTask> {
    this.#mustBeOpen();
    const settings = sendSettings(options);
    planTask(this.#parts.routes, settings);
    return this.#singles.send(kindOf(task), payload, settings);
  }

  /** Sends what is under way, cancels the runs, and removes the reply queue. Every call answers the same promise. */
  close(): Promise<void> {
    this.#closed ??= this.#singles.idle().then(() => this.#parts.close());
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #mustBeOpen(): void {
    if (this.#closed !== undefined) throw new DispatchError("CLOSED", "the dispatcher is closed");
  }
}

function isIterable(value: unknown): boolean {
  const object = Object(value) as object;
  return value !== null && value !== undefined && (Symbol.iterator in object || Symbol.asyncIterator in object);
}
