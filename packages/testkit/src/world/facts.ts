import type { Profile } from "@org/dispatch-core/contract";

/** More than this is waited for on the virtual clock only. */
const REAL_MS = 120_000;

/** Can the end of a process be waited for? A broker may take longer to notice than anybody waits on the machine's clock. */
export function ownSessions({ lease, reach }: Profile): true | string {
  if (lease.kind === "timed" || reach === "process" || lease.detectionMs <= REAL_MS) return true;
  return `lease session, detectionMs ${lease.detectionMs}: the clock is the machine's`;
}

/** A lease that this backend can grant, as short as is sensible: a session is not over before its broker has noticed. */
export function shortLeaseMs({ lease }: Profile): number {
  return lease.kind === "timed" ? Math.max(3_000, lease.stepMs * 2) : Math.max(3_000, lease.detectionMs);
}
