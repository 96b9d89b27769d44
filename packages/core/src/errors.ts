import type { Code, DispatchEvent, Observer, WireError } from "./contract/index.ts";

interface Meaning {
  readonly means: string;
  /** Does core try a call again by itself? */
  readonly again: boolean;
}

/** Every code, what it means, and whether a call that ended with it is tried again. docs/errors.md is made from this table. */
export const codes: Readonly<Record<Code, Meaning>> = Object.freeze({
  UNAVAILABLE: { means: "the broker is away", again: true },
  THROTTLED: { means: "the broker says slow down", again: true },
  TIMED_OUT: {
    means: "a call was not answered in time; of a task: its last attempt took longer than timeoutMs",
    again: true,
  },
  DENIED: { means: "a right is missing", again: false },
  MISSING: { means: "a queue does not exist, and may not be made", again: false },
  MISMATCH: { means: "a queue exists with other arguments", again: false },
  TOO_LARGE: { means: "a frame is above the broker's limit", again: false },
  QUEUE_FULL: { means: "a bounded queue is at its bound", again: false },
  CLOSED: { means: "used after close", again: false },
  INPUT_INVALID: { means: "a payload or an input cannot be used", again: false },
  FRAME_INVALID: { means: "a frame is damaged, too large, too deep, or not ours", again: false },
  CODEC_UNKNOWN: { means: "a frame was written with a codec that this process does not have", again: false },
  DECRYPT_FAILED: { means: "a frame does not decrypt with the keys at hand", again: false },
  BLOB_MISSING: { means: "the blob of a claim check is gone", again: false },
  ATTEMPTS_EXHAUSTED: { means: "the last of maxAttempts failed", again: false },
  REJECTED: { means: "the handler threw Dead, or an error that is not retryable", again: false },
  TASK_UNKNOWN: { means: "the worker has no handler of that name", again: false },
  LOST: { means: "more than maxLost holders crashed or let the lease expire", again: false },
  VANISHED: { means: "the broker lost the task, and every resend of it", again: false },
  EXPIRED: {
    means: "its deadline, or the end of its run, passed, or comes before another attempt could",
    again: false,
  },
  CANCELLED: { means: "its run was cancelled, or the handler threw Drop", again: false },
  LEASE_LOST: { means: "the lease expired or went to another holder", again: false },
  SHUTTING_DOWN: { means: "the worker stops", again: false },
  CONFIG_INVALID: { means: "an option or a configuration is wrong", again: false },
  UNSUPPORTED: { means: "the backend cannot do it, and core does not emulate it", again: false },
});

/** The one error class. `code` is stable, `message` is for people, `cause` is the client's own error where there is one. */
export class DispatchError extends Error {
  override readonly name = "DispatchError";
  readonly code: Code;
  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Says what a value is across copies of this package: a process may have loaded it twice (as ESM and as CommonJS), and `instanceof` knows only one.
 */
export const KIND: unique symbol = Symbol.for("@org/dispatch-core/kind") as never;

/** What a value is, by its own word, or `undefined`. */
export function kindOf(value: unknown): unknown {
  return propertyOf(value, KIND);
}

/** A property of anything; `undefined` where there is none, or where asking for it throws. */
export function propertyOf(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return Reflect.get(value, key);
  } catch {
    return undefined;
  }
}

/** Thrown by a handler: try this task again, after `delayMs` or the usual back-off. Counts as an attempt. */
export class Retry extends Error {
  override readonly name = "Retry";
  readonly [KIND] = "Retry";
  readonly delayMs: number | undefined;
  constructor(message = "retry", options?: { readonly delayMs?: number }) {
    super(message);
    this.delayMs = options?.delayMs;
  }
}

/** Thrown by a handler: this task can never succeed; to the dead letters with it. */
export class Dead extends Error {
  override readonly name = "Dead";
  readonly [KIND] = "Dead";
}

/** Thrown by a handler: nobody needs this task any more; it ends as cancelled and is not kept. */
export class Drop extends Error {
  override readonly name = "Drop";
  readonly [KIND] = "Drop";
}

const MESSAGE_BYTES = 2_048;
const STACK_BYTES = 8_192;
const NAME_BYTES = 128;

/** What may cross the wire of anything that was thrown. Reads only strings: a getter that throws costs its field. */
export function toWireError<C extends string>(error: unknown, code: C): WireError & { readonly code: C } {
  const own = textOf(error, "code");
  const stack = textOf(error, "stack");
  return {
    name: cut(textOf(error, "name") ?? "Error", NAME_BYTES),
    message: cut(textOf(error, "message") ?? printed(error), MESSAGE_BYTES),
    code,
    ...(own !== undefined && own !== code ? { cause: cut(own, NAME_BYTES) } : {}),
    ...(stack !== undefined ? { stack: cut(stack, STACK_BYTES) } : {}),
  };
}

/** An error from outside: texts, and nothing else of it. */
export function readWireError(raw: unknown): WireError {
  const from: Partial<Record<keyof WireError, unknown>> = typeof raw === "object" && raw !== null ? raw : {};
  return {
    name: asText(from.name, "Error"),
    message: asText(from.message, ""),
    code: asText(from.code, "REJECTED"),
    ...(typeof from.cause === "string" ? { cause: from.cause } : {}),
    ...(typeof from.stack === "string" ? { stack: from.stack } : {}),
  };
}

export function asText(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

function textOf(error: unknown, key: string): string | undefined {
  const value = propertyOf(error, key);
  return typeof value === "string" ? value : undefined;
}

/** What an error says, also where it is none, its message is no text, or it cannot be printed. */
export function printed(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "an error that cannot be printed";
  }
}

/** What was thrown, as an `Error`, whatever it is. */
export function asError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown;
  } catch {
    // A proxy may not let itself be asked.
  }
  return new Error(printed(thrown));
}

function cut(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  const encoded = Buffer.from(text, "utf8");
  if (encoded.length <= bytes) return text;
  let end = bytes;
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return encoded.toString("utf8", 0, end);
}

/** Such as need no other guard. */
const guarded = new WeakSet<Observer>();

/**
 * An observer that cannot break what it observes: what it throws, or rejects with, is lost, on purpose. `undefined` stays so, and costs nothing; one that is
 * guarded is itself.
 */
export function guard(observer: Observer | undefined): Observer | undefined {
  if (observer === undefined || guarded.has(observer)) return observer;
  return isGuarded((event: DispatchEvent) => {
    try {
      unheard(observer(event));
    } catch {
      // An observer's fault must never cost a task.
    }
  });
}

/** What somebody answered for whom nobody waits: a promise among it must not end the process. Only such as Node would end it for: others may begin when awaited. */
export function unheard(answer: unknown): void {
  if (answer !== undefined && answer instanceof Promise) answer.catch(() => {});
}

/** Says of an observer that it throws nothing, whatever it is made of throws. */
export function isGuarded(observer: Observer): Observer {
  guarded.add(observer);
  return observer;
}
