import type { CallCode, ErrorClass } from "@org/dispatch-core/contract";

/** What this backend throws or answers by itself; everything else is the system's own error. */
export class DirectoryError extends Error {
  override readonly name = "DirectoryError";
  readonly code: CallCode;

  constructor(code: CallCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What the system's codes mean. */
const meanings: Readonly<Record<string, CallCode>> = {
  ENOENT: "MISSING",
  ENOTDIR: "MISMATCH",
  EACCES: "DENIED",
  EPERM: "DENIED",
  EROFS: "DENIED",
  ENOSPC: "QUEUE_FULL",
  EDQUOT: "QUEUE_FULL",
  EFBIG: "TOO_LARGE",
};

/** Whatever it does not know may pass by itself. Called with anything: it looks at nothing that might throw. */
export function classify(error: unknown): ErrorClass {
  if (error instanceof DirectoryError) return { code: error.code, detail: error.message };
  try {
    const { code, name, message } = error as NodeJS.ErrnoException;
    if (name === "AbortError" || name === "TimeoutError") return { code: "TIMED_OUT" };
    return { code: meanings[String(code)] ?? "UNAVAILABLE", detail: String(message) };
  } catch {
    return { code: "UNAVAILABLE" };
  }
}
