import type { TestRunner } from "@org/dispatch-testkit";
import { describe, it } from "vitest";

/** Cases mostly wait for leases to run out: several at a time, each in a namespace of its own. */
export const sideBySide: TestRunner = { describe, it: it.concurrent };

export const levels = ["seam", "system", "chaos"] as const;

/** Polls that a case leaves behind end soon. */
export const longPollingMs = 1_000;

/** Some cases wait for many leases. */
export const timeoutMs = 180_000;
