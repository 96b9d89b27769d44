import { type Backoff, backoffMs, type Random } from "../backoff.ts";
import type { Counters, DeathNote, EndCode, Frame, Outcome, WireError } from "../contract/index.ts";
import type { Verdict } from "./verdict.ts";

export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  /** Where a broker's release would count as a loss, or would lose the priority, a release is a copy and an ack. */
  readonly releaseByCopy: boolean;
  /** A release with a longer delay is a copy, too. */
  readonly releaseDelayMs: number;
}

/** How a task ends, for its result. */
export interface Ending {
  readonly outcome: Outcome;
  readonly json: string | undefined;
  readonly error: (WireError & { readonly code: EndCode }) | undefined;
  readonly attempts: number;
  readonly durationMs: number;
}

/** What is to be done about a frame: at most one of the three besides the ack, which always comes last. */
export type Decision =
  | { readonly kind: "ack" }
  | { readonly kind: "release"; readonly delayMs: number; readonly reason: RequeueReason }
  | {
      readonly kind: "copy";
      readonly counters: Counters;
      readonly delayMs: number;
      readonly reason: RequeueReason;
      readonly code: string | undefined;
      readonly durationMs: number;
    }
  | { readonly kind: "end"; readonly ending: Ending; readonly death: DeathNote | undefined };

export type RequeueReason = "failed" | "timed_out" | "shutdown" | "released" | "last_chance" | "lost" | "split";

/** How most tasks end. A class, as what it is decided by: V8 makes literals that live for a while in the old heap, and keeps there what they name. */
class Completion implements Ending {
  readonly outcome = "completed";
  readonly json: string | undefined;
  readonly error = undefined;
  readonly attempts: number;
  readonly durationMs: number;

  constructor(json: string | undefined, attempts: number, durationMs: number) {
    this.json = json;
    this.attempts = attempts;
    this.durationMs = durationMs;
  }
}

class Completing {
  readonly kind = "end";
  readonly ending: Ending;
  readonly death = undefined;

  constructor(ending: Ending) {
    this.ending = ending;
  }
}

/** Most tasks end like this, and no policy has a say in it. */
export function completion(
  { json, durationMs }: Extract<Verdict, { kind: "completed" }>,
  { attempt }: Frame,
): Decision {
  return new Completing(new Completion(json, attempt + 1, durationMs));
}

/** The next attempt would never begin: who waits for the task need not wait for that. */
function tooLate({ message, cause }: WireError): WireError & { readonly code: EndCode } {
  const error = { name: "DispatchError", message: `no time is left for another attempt: ${message}`, code: "EXPIRED" } as const; // biome-ignore format: one line
  return cause === undefined ? error : { ...error, cause };
}

/** Pure: the verdict, the counters and the policy give what the broker is to be told. `lost` is the sum that every copy carries. */
export function decide(
  verdict: Verdict,
  frame: Frame,
  lost: number,
  policy: RetryPolicy,
  wallMs: number,
  random: Random,
): Decision {
  const { round, attempt, copy } = frame;
  switch (verdict.kind) {
    case "done":
      return { kind: "ack" };
    case "completed":
      return completion(verdict, frame);
    case "released": {
      const byCopy = policy.releaseByCopy || verdict.begun || verdict.delayMs > policy.releaseDelayMs;
      if (!byCopy) return { kind: "release", delayMs: verdict.delayMs, reason: verdict.reason };
      const counters = { round, attempt, copy: copy + 1, lost };
      return {
        kind: "copy",
        counters,
        delayMs: verdict.delayMs,
        reason: verdict.reason,
        code: undefined,
        durationMs: verdict.durationMs,
      };
    }
    case "failed": {
      const attempts = attempt + 1;
      const last = attempts >= policy.maxAttempts;
      if (verdict.retryable && !last) {
        const delayMs = verdict.delayMs ?? backoffMs(policy.backoff, attempt, random);
        const { deadlineAt = Number.POSITIVE_INFINITY } = frame.tasks[0] ?? {};
        if (wallMs + delayMs >= deadlineAt) return end("expired", tooLate(verdict.error), attempts, verdict.durationMs);
        const reason = verdict.timedOut ? "timed_out" : "failed";
        const counters = { round, attempt: attempts, copy: 0, lost };
        return {
          kind: "copy",
          counters,
          delayMs,
          reason,
          code: verdict.error.cause ?? verdict.error.code,
          durationMs: verdict.durationMs,
        };
      }
      const code = !verdict.retryable ? "REJECTED" : verdict.timedOut ? "TIMED_OUT" : "ATTEMPTS_EXHAUSTED";
      const cause = verdict.error.cause ?? (verdict.error.code === code ? undefined : verdict.error.code);
      return end(
        "dead",
        { ...verdict.error, code, ...(cause === undefined ? {} : { cause }) },
        attempts,
        verdict.durationMs,
      );
    }
    case "ended":
      return end(
        verdict.outcome,
        verdict.error,
        attempt + (verdict.attempted ? 1 : 0),
        verdict.durationMs,
        verdict.letter,
      );
  }

  function end(
    outcome: "dead" | "expired" | "cancelled",
    error: WireError & { readonly code: EndCode },
    attempts: number,
    durationMs: number,
    letter = true,
  ): Decision {
    const death = { reason: error.code, error, attempts, lost, firstSentAt: frame.firstSentAt, diedAt: wallMs };
    return {
      kind: "end",
      ending: { outcome, json: undefined, error, attempts, durationMs },
      death: outcome === "dead" && letter ? death : undefined,
    };
  }
}
