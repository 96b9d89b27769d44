import type { Headers } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { checkName } from "../names.ts";

/** What a handler is given beside the payload. */
export interface Context {
  /** `run/index`: the same for every attempt. */
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
  /** How often a holder of this task crashed or let its lease expire. */
  readonly lost: number;
  /**
   * A whole number that never falls along a line of copies: write it with your data, and refuse writes with a smaller one. Made of round, attempt, and
   * copy + lost, in that order.
   */
  readonly fence: number;
  /** Fires with a `DispatchError` as its reason: LEASE_LOST, TIMED_OUT, EXPIRED, CANCELLED or SHUTTING_DOWN. What is returned after that is not written. */
  readonly signal: AbortSignal;
  /** Wall-clock ms after which the task is not worth finishing. */
  readonly deadline: number | undefined;
  readonly headers: Headers;
  /** Tells the coordinator's observer how far it is. Any JSON value; best effort. */
  progress(value: unknown): void;
  /** Lines that carry the task's id and attempt. */
  readonly log: Logger;
}

export type Handler<I, O> = (payload: I, context: Context) => O | Promise<O>;

export interface TaskOptions<I, O> {
  /** `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`; default `default`. */
  readonly name?: string;
  readonly handler: Handler<I, O>;
  /** The longest that one attempt may take; default: the worker's `timeoutMs`. */
  readonly timeoutMs?: number;
  /** Default: the worker's `maxAttempts`. */
  readonly maxAttempts?: number;
}

/** A kind of task: its name on the wire, and what does it. */
export interface Task<I = never, O = unknown> {
  readonly name: string;
  readonly handler: Handler<I, O>;
  readonly timeoutMs: number | undefined;
  readonly maxAttempts: number | undefined;
}

/** Throws `CONFIG_INVALID` for a bad name or a handler that is not a function. */
export function defineTask<I, O>(options: TaskOptions<I, O>): Task<I, O> {
  const { name = "default", handler, timeoutMs, maxAttempts } = options;
  checkName("task", name);
  if (typeof handler !== "function")
    throw new DispatchError("CONFIG_INVALID", `task ${name}: handler is not a function`);
  for (const [key, value] of Object.entries({ timeoutMs, maxAttempts })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new DispatchError("CONFIG_INVALID", `task ${name}: ${key} is ${value}, not a whole number above 0`);
    }
  }
  return Object.freeze({ name, handler, timeoutMs, maxAttempts });
}
