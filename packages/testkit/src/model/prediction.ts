import { type End, ends, MAX_LOST, type Script } from "./scripts.ts";

/** A task that the broker has accepted, and all that may bear on how it ends. */
export interface Told {
  readonly n: number;
  readonly script: Script;
  readonly sentAt: number;
  readonly delayMs: number;
  readonly deadlineMs: number | undefined;
  /** Another task has the same id of its user: a broker that refuses repeats takes whichever comes first. */
  isRepeat: boolean;
  /** Processes that died or stood still, sessions that broke, and restarts, from when it was sent on. */
  faults: number;
  /**
   * Losses that an orderly stop may count: what a poll that cannot be called back brings in the very moment in which its receive ends is released by the
   * backend, unseen, and some brokers count that as a grant.
   */
  strays: number;
  isCancelled: boolean;
}

/** So many losses one fault may bring: of what was held, and of its copy, which a broker may still push to who is gone. */
const LOSSES_A_FAULT = 2;

/** How many losses it may have. */
export function mostLost({ faults, strays }: Told): number {
  return faults * LOSSES_A_FAULT + strays;
}

/** Every way in which it may end; exactly one where nothing is left to chance. */
export function possibleEnds(task: Told): readonly End[] {
  const { script, delayMs, deadlineMs, isCancelled, isRepeat } = task;
  const expired: End = { outcome: "expired", code: "EXPIRED" };
  // It is due, or arrives, when its deadline is over: no worker may begin it.
  if (deadlineMs !== undefined && deadlineMs <= delayMs && !isCancelled && !isRepeat)
    return [{ ...expired, attempts: 0 }];
  return [
    ends[script],
    ...(deadlineMs === undefined ? [] : [expired]),
    ...(isCancelled || isRepeat ? [{ outcome: "cancelled", code: "CANCELLED" } as const] : []),
    ...(mostLost(task) > MAX_LOST ? [{ outcome: "dead", code: "LOST" } as const] : []),
  ];
}

export function isOne(ends: readonly End[], outcome: string, code: string | undefined, attempts: number): boolean {
  return ends.some(
    (end) => end.outcome === outcome && end.code === code && (end.attempts === undefined || end.attempts === attempts),
  );
}
