import { describe, expect, it } from "vitest";
import { type Profile, UNLIMITED } from "../contract/index.ts";
import { memoryProfile } from "../memory/profile.ts";
import { planRun, planWorker, type WorkerNeeds } from "./plan.ts";

const timed = (totalCapMs: number): Profile => ({ ...memoryProfile, lease: { kind: "timed", stepMs: 1, totalCapMs } });
const session = (totalCapMs: number): Profile => ({
  ...memoryProfile,
  lease: { kind: "session", totalCapMs, detectionMs: 1 },
});
const refused = (message: string) => expect.objectContaining({ name: "DispatchError", code: "UNSUPPORTED", message });

describe("a worker", () => {
  const needs = { leaseMs: 1_000, timeoutMs: 500, drainMs: 300 };
  it.each<[string, Profile, Partial<WorkerNeeds>]>([
    ["with tasks within half of the cap", timed(1_000), { tasks: [{ name: "a", timeoutMs: 500 }, { name: "b" }] }],
    ["with long tasks, without a cap", timed(UNLIMITED), { tasks: [{ name: "a", timeoutMs: UNLIMITED }] }],
    ["within the cap", timed(1_000), {}],
    ["within the cap of a session", session(1_000), {}],
    ["as large as numbers are, without a cap", timed(UNLIMITED), { leaseMs: UNLIMITED, timeoutMs: UNLIMITED }],
    ["that drains as long as a poll goes on", { ...memoryProfile, pollMs: 300 }, {}],
    ["that does not drain, where no poll goes on", memoryProfile, { drainMs: 0 }],
  ])("%s is good", (_, profile, more) => {
    expect(() => planWorker(profile, { ...needs, ...more })).not.toThrow();
  });

  it.each<[string, Profile, Partial<WorkerNeeds>, string]>([
    [
      "a timeout of a task above half the cap",
      timed(1_000),
      { tasks: [{ name: "a" }, { name: "long", timeoutMs: 501 }] },
      "timeoutMs of long is 501, half of what the backend holds a frame for is 500",
    ],
    [
      "a lease above the cap",
      timed(1_000),
      { leaseMs: 1_001 },
      "leaseMs is 1001, the backend holds a frame for 1000 ms at most",
    ],
    [
      "a lease above a session's cap",
      session(999),
      {},
      "leaseMs is 1000, the backend holds a frame for 999 ms at most",
    ],
    [
      "a timeout above half the cap",
      timed(1_000),
      { timeoutMs: 501 },
      "timeoutMs is 501, half of what the backend holds a frame for is 500",
    ],
    [
      "a drain below the poll",
      { ...memoryProfile, pollMs: 301 },
      {},
      "drainMs is 300, a receive of this backend may go on for 301 ms",
    ],
  ])("%s is refused, with the option to change", (_, profile, more, message) => {
    expect(() => planWorker(profile, { ...needs, ...more })).toThrow(refused(message));
  });
});

describe("a run", () => {
  const profile: Profile = { ...memoryProfile, replyRetentionMs: 1_000 };
  it.each([undefined, 1, 1_000])("of %s ms is good where results wait for 1,000", (globalTimeoutMs) => {
    expect(() => planRun(profile, { globalTimeoutMs })).not.toThrow();
  });

  it("that may outlive its results is refused", () => {
    const message = "globalTimeoutMs is 1001, results wait for 1000 ms at most";
    expect(() => planRun(profile, { globalTimeoutMs: 1_001 })).toThrow(refused(message));
  });
});
