import { DispatchError } from "@org/dispatch-core";
import type { Code } from "@org/dispatch-core/contract";
import { ConfigError } from "./config/problem.ts";

/** What a command ends with when it ends badly: the line for people (one for each problem of a configuration), and the exit code. */
export interface Failure {
  readonly line: string;
  readonly exitCode: 1 | 2 | 3;
}

/** Thrown where the very first contact with the broker failed for want of an answer: exit code 3. */
class NeverReached extends Error {
  override readonly name = "NeverReached";
  readonly code: Code;
  constructor(cause: DispatchError) {
    super(`the broker was never reached: ${cause.message}`, { cause });
    this.code = cause.code;
  }
}

/** A wrong option, file or configuration: exit code 2. */
export function misuse(message: string, options?: ErrorOptions): DispatchError {
  return new DispatchError("CONFIG_INVALID", message, options);
}

const USAGE: ReadonlySet<string> = new Set(["CONFIG_INVALID", "UNSUPPORTED", "DENIED", "MISSING", "MISMATCH"]);
const NO_ANSWER: ReadonlySet<string> = new Set(["UNAVAILABLE", "THROTTLED", "TIMED_OUT"]);

/** What the operating system says, as a code of ours. */
const SYSTEM_CODES: Readonly<Record<string, Code>> = {
  ...{ EACCES: "DENIED", EPERM: "DENIED", EROFS: "DENIED", EPIPE: "CLOSED", ENOENT: "MISSING" },
  ...{ ECONNREFUSED: "UNAVAILABLE", ECONNRESET: "UNAVAILABLE", ENOTFOUND: "UNAVAILABLE", ETIMEDOUT: "TIMED_OUT" },
};

function systemCodeOf(error: unknown): string {
  const isSystems = error instanceof Error && "code" in error && "syscall" in error;
  return isSystems && typeof error.code === "string" ? error.code : "";
}

/**
 * Awaits the first contact with the broker. Throws `NeverReached` where there was no answer; with MISSING, it says what option makes queues; everything
 * else as it is.
 */
export async function reach<T>(contact: Promise<T>): Promise<T> {
  try {
    return await contact;
  } catch (error) {
    if (!isDispatchError(error)) throw error;
    if (NO_ANSWER.has(error.code)) throw new NeverReached(error);
    if (error.code !== "MISSING") throw error;
    const message = `${error.message}; --create makes missing queues and topics`;
    throw new DispatchError("MISSING", message, { cause: error });
  }
}

/** How an error is said to people, and what the process exits with. */
export function failureOf(error: unknown): Failure {
  if (error instanceof NeverReached) return { line: errorLine(error.code, error.message), exitCode: 3 };
  if (error instanceof ConfigError)
    return { line: error.lines.map((line) => errorLine(error.code, line)).join("\n"), exitCode: 2 };
  if (isDispatchError(error))
    return { line: errorLine(error.code, error.message), exitCode: USAGE.has(error.code) ? 2 : 1 };
  const code = SYSTEM_CODES[systemCodeOf(error)];
  // No code of the closed list means a defect of ours, and none is to be lent to it: it should look like what it is.
  return { line: errorLine(code ?? "unexpected error", messageOf(error)), exitCode: 1 };
}

/** `dispatch: CODE: sentence`, on one line whatever the sentence holds. */
export function errorLine(code: string, message: string): string {
  return `dispatch: ${code}: ${oneLine(message)}`;
}

/**
 * Text without line breaks and control characters, so that foreign text can neither add lines nor steer a terminal. What is longer than 500 characters is
 * cut in the middle: what helps often stands at the end.
 */
export function oneLine(text: string): string {
  const flat = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim();
  return flat.length > 500 ? `${flat.slice(0, 299)}…${flat.slice(-200)}` : flat;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error && error.message !== "") return error.message;
  try {
    return String(error);
  } catch {
    return "something that cannot be printed was thrown";
  }
}

// By shape, not by class: an adapter may bring its own copy of core.
function isDispatchError(error: unknown): error is DispatchError {
  return (
    error instanceof DispatchError || (error instanceof Error && error.name === "DispatchError" && "code" in error)
  );
}
