import type { Profile } from "@org/dispatch-core/contract";

/** More than this is waited for on the virtual clock only. */
const REAL_MS = 120_000;

/** Can the end of a process be waited for? A broker may take longer to notice than anybody waits on the machine's clock. */
export function ownSessions({ lease, reach }: Profile): true | string {
  if (lease.kind === "timed" || reach === "process" || lease.detectionMs <= REAL_MS) return true;
  return `lease session, detectionMs ${lease.detectionMs}: the clock is the machine's`;
}
