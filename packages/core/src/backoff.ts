/** Exponential back-off with full jitter: a random delay in [0, cap], cap = base × 2ⁿ, at most max. */
export interface Backoff {
  /** Default 1,000. */
  readonly baseMs: number;
  /** Default 300,000. */
  readonly maxMs: number;
}

/** A number in [0, 1). */
export type Random = () => number;

/** The delay before try `n` (from 0) is made again: a whole number of ms, at least 1, so that no loop is ever hot. */
export function backoffMs(policy: Backoff, n: number, random: Random): number {
  const cap = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(n, 52));
  return Math.max(1, Math.round(random() * cap));
}
