import { type Profile, UNLIMITED } from "../contract/index.ts";
import type { Absent } from "./absent.ts";

/**
 * How a delay is kept: by the broker's own send delay; in the `later` queue, by hops of it and by releases; or in tiers of constant delay. `nativeMs` 0:
 * by releases alone. Capped: by the send delay alone, since there is no `later` queue; longer ones are refused.
 */
export type DelayPlan =
  | { readonly kind: "native" }
  | { readonly kind: "later"; readonly nativeMs: number }
  | { readonly kind: "capped"; readonly nativeMs: number }
  | { readonly kind: "tiers"; readonly tiersMs: readonly number[] };

/** The longest tier: longer delays go through it several times. */
const LONGEST_TIER_MS = 15 * 3_600_000;

/**
 * A head that is not due goes back for the rest where releases can be delayed: then it blocks nobody, and one queue is enough for all delays. Each queue
 * more is a receive more in every worker.
 *
 * Without that, and without a native delay: tiers doubling from the declared precision up to 15 h, and never past half the lease cap, because a head that is not due is
 * held until it is.
 */
export function delayPlan(profile: Profile, absent?: Absent): DelayPlan {
  if (profile.sendDelayMs >= UNLIMITED) return { kind: "native" };
  if (absent?.later) return { kind: "capped", nativeMs: profile.sendDelayMs };
  if (profile.sendDelayMs > 0 || profile.releaseDelayMs > 0) return { kind: "later", nativeMs: profile.sendDelayMs };
  const cap = Math.min(LONGEST_TIER_MS, profile.lease.totalCapMs / 2);
  const precisionMs = Math.max(1, profile.limits.delayPrecisionMs);
  const tiersMs = [precisionMs];
  for (let tierMs = precisionMs * 2; tierMs <= cap; tierMs *= 2) tiersMs.push(tierMs);
  return { kind: "tiers", tiersMs };
}

/** Where a frame goes that is due in `dueInMs`. */
export type Hop =
  /** Into its work queue, with this native delay. */
  | { readonly to: "work"; readonly delayMs: number }
  /** Into the `later` queue, with this native delay. */
  | { readonly to: "later"; readonly delayMs: number }
  /** Into the tier of this delay. */
  | { readonly to: "tier"; readonly tierMs: number };

/** Pure, and never early: what is left below the smallest tier goes into that. But for a cap: what asks for more, which no sender may, comes then. */
export function nextHop(plan: DelayPlan, dueInMs: number): Hop {
  const restMs = Math.max(0, Math.ceil(dueInMs));
  if (restMs === 0 || plan.kind === "native") return { to: "work", delayMs: restMs };
  if (plan.kind !== "tiers") {
    const delayMs = Math.min(restMs, plan.nativeMs);
    return { to: delayMs < restMs && plan.kind === "later" ? "later" : "work", delayMs };
  }
  let tierMs = plan.tiersMs[0] as number;
  for (const candidate of plan.tiersMs) if (candidate <= restMs) tierMs = candidate;
  return { to: "tier", tierMs };
}
