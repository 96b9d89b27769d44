import type { CallCode } from "./backend.ts";

/** Why bad data was refused; the task goes to the dead letters with it. */
export type DataCode = "INPUT_INVALID" | "FRAME_INVALID" | "CODEC_UNKNOWN" | "DECRYPT_FAILED" | "BLOB_MISSING";

/** Why a task ended without completing. */
export type EndCode =
  | DataCode
  | "ATTEMPTS_EXHAUSTED"
  | "TIMED_OUT"
  | "REJECTED"
  | "TASK_UNKNOWN"
  | "LOST"
  | "VANISHED"
  | "EXPIRED"
  | "CANCELLED"
  | "TOO_LARGE";

/** Why the signal of a handler fired. */
export type AbortCode = "LEASE_LOST" | "TIMED_OUT" | "EXPIRED" | "CANCELLED" | "SHUTTING_DOWN";

/** Every code there is; errors.ts has the table. A code is a promise, a message is not. */
export type Code = CallCode | EndCode | AbortCode | "CONFIG_INVALID" | "UNSUPPORTED";
