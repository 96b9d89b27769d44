import { type Backoff, backoffMs, type Random } from "./backoff.ts";
import type { Clock } from "./contract/index.ts";
import { codes, type DispatchError } from "./errors.ts";
import { pause } from "./pause.ts";

/** How long one try of a verb may take, beyond what it was asked to wait; 10 s is the longest that a half-open socket may go unnoticed. */
export const TRY_MS = 10_000;

/** Between two tries of a call: short at first, because most faults are. */
const RETRY: Backoff = { baseMs: 50, maxMs: 5_000 };

/** Until when a call is tried again, and what ends it early. */
export interface Until {
  /** Monotonic; absent: until the signal fires. */
  readonly deadline?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RetryingParts {
  readonly clock: Clock;
  readonly random: Random;
  /** How long whoever failed asks to be left alone. */
  readonly adviceMs?: (error: DispatchError) => number;
}

/** Tries until it succeeds, or fails with what no other try would mend, or its time is over. `once` throws only DispatchError, and so does this. */
export async function retrying<T>(parts: RetryingParts, until: Until, once: () => Promise<T>): Promise<T> {
  let reason: DispatchError | undefined;
  for (let round = 0; ; round += 1) {
    try {
      return await once();
    } catch (error) {
      const wrapped = error as DispatchError;
      // That the time was over says less than what it went by with.
      if (wrapped.code !== "TIMED_OUT" || reason === undefined) reason = wrapped;
      if (!codes[wrapped.code].again) throw wrapped;
      if (!(await pauseBetween(parts, round, until, parts.adviceMs?.(wrapped) ?? 0))) throw reason;
    }
  }
}

/** Waits before the next try; answers false when the deadline or the signal comes first. */
export async function pauseBetween(
  { clock, random }: Pick<RetryingParts, "clock" | "random">,
  round: number,
  until: Until,
  advisedMs: number,
): Promise<boolean> {
  if (until.signal?.aborted) return false;
  const delayMs = Math.max(advisedMs, backoffMs(RETRY, round, random));
  if (until.deadline !== undefined && clock.now() + delayMs >= until.deadline) return false;
  await pause(clock, delayMs, until.signal);
  return until.signal?.aborted !== true;
}
