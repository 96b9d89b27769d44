import { expect, test } from "vitest";
import { nearestKey } from "./nearest-key.ts";

const known = ["leaseMs", "lease_seconds", "maxAttempts", "queueUrl", "queue_url", "host", "backoff.baseMs"];

test.each([
  ["leaseMS", "leaseMs"],
  ["max_attempts", "maxAttempts"],
  ["queue_ulr", "queue_url"],
  ["queueUlr", "queueUrl"],
  ["leaseSeconds", "lease_seconds"],
  ["hots", "host"],
  ["backoff.base", "backoff.baseMs"],
  ["nothing", undefined],
  ["", undefined],
  ["x".repeat(65), undefined],
])("%s means %s", (key, near) => {
  expect(nearestKey(key, known)).toBe(near);
});
