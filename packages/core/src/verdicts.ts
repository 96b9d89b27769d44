import { encodeJson } from "./codec/json.ts";
import { DispatchError, toWireError } from "./errors.ts";
import type { Verdict } from "./settle/verdict.ts";
import { type HandlerEnd, readError } from "./work/running.ts";

/** What the end of a handler's run means for its task. A value that cannot travel is the handler's fault, and would be so again. */
export function verdictOf(
  end: HandlerEnd,
  durationMs: number,
  valueBytes: number,
  retryable: (error: unknown) => boolean,
): Verdict {
  switch (end.kind) {
    case "returned":
      return valueVerdict(end.value, durationMs, valueBytes);
    case "threw": {
      const read = readError(end.error, retryable);
      if (read.kind === "dropped")
        return { kind: "ended", outcome: "cancelled", error: read.error, attempted: true, durationMs };
      return {
        kind: "failed",
        error: read.error,
        timedOut: false,
        retryable: read.retryable,
        delayMs: read.delayMs,
        durationMs,
      };
    }
    case "stopped":
      if (end.code === "SHUTTING_DOWN")
        return { kind: "released", reason: "shutdown", delayMs: 0, begun: true, durationMs };
      if (end.code === "TIMED_OUT") {
        const error = toWireError(
          new DispatchError("TIMED_OUT", `ended by its timeout after ${Math.round(durationMs)} ms`),
          "TIMED_OUT",
        );
        return { kind: "failed", error, timedOut: true, retryable: true, delayMs: undefined, durationMs };
      }
      return endedVerdict(
        end.code,
        end.code === "EXPIRED" ? "its deadline passed while it ran" : "its run was cancelled",
        durationMs,
      );
  }
}

function endedVerdict(code: "EXPIRED" | "CANCELLED", message: string, durationMs: number): Verdict {
  const outcome = code === "EXPIRED" ? "expired" : "cancelled";
  return { kind: "ended", outcome, error: { name: "DispatchError", message, code }, attempted: true, durationMs };
}

function valueVerdict(value: unknown, durationMs: number, valueBytes: number): Verdict {
  if (value === undefined) return { kind: "completed", json: undefined, durationMs };
  try {
    const json = encodeJson(value);
    if (json.length > valueBytes / 3 && Buffer.byteLength(json) > valueBytes) {
      throw new DispatchError(
        "TOO_LARGE",
        `the result has ${Buffer.byteLength(json)} bytes, the broker takes ${valueBytes}`,
      );
    }
    return { kind: "completed", json, durationMs };
  } catch (error) {
    const code = error instanceof DispatchError && error.code === "TOO_LARGE" ? "TOO_LARGE" : "REJECTED";
    return { kind: "ended", outcome: "dead", error: toWireError(error, code), attempted: true, durationMs };
  }
}

/** Only an ack is due. */
export const DONE: Verdict = Object.freeze({ kind: "done" });

/** Back without penalty; of one that has not begun the frame as it is. */
export function released(reason: "released" | "last_chance", delayMs: number) {
  return { kind: "released", reason, delayMs, begun: false, durationMs: 0 } as const;
}
