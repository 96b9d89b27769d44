import type { ConformanceOptions } from "@org/dispatch-testkit";

/** What all members of the suite here have in common. */
export const common: Pick<ConformanceOptions, "timeoutMs" | "concurrency"> = {
  // Some cases wait for many leases.
  timeoutMs: 180_000,
  // Cases mostly wait for leases to run out: several at a time, as many as `maxConcurrency` says, each in a namespace of its own.
  concurrency: 8,
};

export const levels = ["seam", "system", "chaos"] as const;

/** Polls that a case leaves behind end soon. */
export const longPollingMs = 1_000;
