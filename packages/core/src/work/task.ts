import type { Headers, StandardSchema } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { checkName } from "../names.ts";
import { checkWhole, MOST_ATTEMPTS } from "../option-checks.ts";

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
  /**
   * Fires with a `DispatchError` as its reason: LEASE_LOST, TIMED_OUT, EXPIRED or SHUTTING_DOWN (CANCELLED is reserved: that a run was cancelled does
   * not reach its workers yet). What is returned after that is not written.
   */
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

export interface TaskOptions<I, O, P = I, R = O> {
  /** `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`; default `default`. */
  readonly name?: string;
  /**
   * What a payload has to be: refused at the sender, and among the dead letters at the worker, as `INPUT_INVALID`. The payload travels as it was given;
   * the handler gets what comes out of the check.
   */
  readonly input?: StandardSchema<I, P>;
  /** What a result has to be; one that is not is the handler's fault, and not tried again (`REJECTED`). What comes out of the check is the result. */
  readonly output?: StandardSchema<R, O>;
  readonly handler: Handler<P, R>;
  /** The longest that one attempt may take; default: the worker's `timeoutMs`. */
  readonly timeoutMs?: number;
  /** 1 to 65,535; default: the worker's `maxAttempts`. */
  readonly maxAttempts?: number;
}

/** A kind of task: its name on the wire, and what does it. `I` is what a sender gives, `O` what the caller of a run gets. */
export interface Task<I = never, O = unknown> {
  readonly name: string;
  readonly handler: Handler<never, unknown>;
  readonly input: StandardSchema | undefined;
  readonly output: StandardSchema | undefined;
  readonly timeoutMs: number | undefined;
  readonly maxAttempts: number | undefined;
  /** Only for the compiler: what goes in and comes out. No method, since of one it would take for a payload what is none. */
  readonly "~types"?: { readonly in: (payload: I) => void; readonly out: () => O } | undefined;
}

/**
 * What a sender gives and gets is what its handler takes and returns, where no schema says otherwise. Throws `CONFIG_INVALID` for a bad name, a handler that is
 * not a function, or a schema that is none.
 */
export function defineTask<I, R, O = R>(options: TaskOptions<I, O, I, R> & { readonly input?: undefined }): Task<I, O>;
export function defineTask<P, R, I = P, O = R>(options: TaskOptions<I, O, P, R>): Task<I, O>;
export function defineTask<P, R, I = P, O = R>(options: TaskOptions<I, O, P, R>): Task<I, O> {
  const { name = "default", handler, input, output, timeoutMs, maxAttempts } = options;
  checkName("task", name);
  if (typeof handler !== "function")
    throw new DispatchError("CONFIG_INVALID", `task ${name}: handler is not a function`);
  if (timeoutMs !== undefined) checkWhole(`task ${name}: timeoutMs`, timeoutMs, 1, Number.MAX_SAFE_INTEGER);
  if (maxAttempts !== undefined) checkWhole(`task ${name}: maxAttempts`, maxAttempts, 1, MOST_ATTEMPTS);
  for (const [key, schema] of Object.entries({ input, output })) {
    if (schema !== undefined && typeof schema?.["~standard"]?.validate !== "function") {
      throw new DispatchError("CONFIG_INVALID", `task ${name}: ${key} is no Standard Schema (zod, valibot, arktype …)`);
    }
  }
  const types = { name, handler, input, output, timeoutMs, maxAttempts };
  return Object.freeze(types as Omit<typeof types, "input" | "output"> & Pick<Task, "input" | "output">);
}
