import type { CallCode, ErrorClass, Queue } from "../contract/index.ts";

/** The memory backend's own error, as a broker's client would have one: core asks `classify` for its meaning. */
export class MemoryError extends Error {
  override readonly name = "MemoryError";
  readonly code: CallCode;
  constructor(code: CallCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function missingError(queue: Queue, namespace: string): MemoryError {
  const name = `${queue.of}/${queue.name}`;
  return new MemoryError(
    "MISSING",
    `there is no ${queue.role} queue "${name}" in "${namespace}", and none may be made`,
  );
}

/** Anything that is not a `MemoryError` cannot come from a map in memory; it is taken as an outage, so that core tries again within its deadline. */
export function classifyError(error: unknown): ErrorClass {
  try {
    if (error instanceof MemoryError) return { code: error.code, detail: error.message };
    if (error instanceof Error) return { code: "UNAVAILABLE", detail: error.message };
    return { code: "UNAVAILABLE", detail: String(error) };
  } catch {
    return { code: "UNAVAILABLE" };
  }
}
