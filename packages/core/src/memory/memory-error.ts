import type { CallCode, ErrorClass, Queue } from "../contract/index.ts";

/** The memory backend's own error, as a broker's client would have one: core asks `classify` for its meaning. */
export class MemoryError extends Error {
  override readonly name = "MemoryError";
  readonly code: CallCode;
  readonly missing: readonly Queue[] | undefined;
  constructor(code: CallCode, message: string, missing?: readonly Queue[]) {
    super(message);
    this.code = code;
    this.missing = missing;
  }
}

export function missingError(queue: Queue, namespace: string): MemoryError {
  const name = `${queue.of}/${queue.name}`;
  return new MemoryError(
    "MISSING",
    `there is no ${queue.role} queue "${name}" in "${namespace}", and none may be made`,
  );
}

/** Of an `open`: all that are missing. */
export function missingQueuesError(queues: readonly Queue[], namespace: string): MemoryError {
  const names = queues.map(({ role, name, of }) => `${role} queue "${of}/${name}"`).join(", ");
  return new MemoryError("MISSING", `there is no ${names} in "${namespace}", and none may be made`, queues);
}

/** Anything that is not a `MemoryError` cannot come from a map in memory; it is taken as an outage, so that core tries again within its deadline. */
export function classifyError(error: unknown): ErrorClass {
  try {
    if (error instanceof MemoryError)
      return {
        code: error.code,
        detail: error.message,
        ...(error.missing !== undefined && { missing: error.missing }),
      };
    if (error instanceof Error) return { code: "UNAVAILABLE", detail: error.message };
    return { code: "UNAVAILABLE", detail: String(error) };
  } catch {
    return { code: "UNAVAILABLE" };
  }
}
