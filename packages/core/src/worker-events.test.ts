import { describe, expect, it } from "vitest";
import type { Decision } from "./settle/decision.ts";
import { completed, died, retried } from "./testing/settling.ts";
import { settledEvent } from "./worker-events.ts";

const about = { queue: "q", task: "mail", taskId: "r/0", attempt: 2, workerId: "w1" };

function ended(outcome: "expired" | "cancelled"): Decision {
  return { ...died, ending: { ...died.ending, outcome }, death: undefined };
}

describe("settledEvent", () => {
  it.each<[string, Decision, object | undefined]>([
    ["an ack", { kind: "ack" }, undefined],
    [
      "a release",
      { kind: "release", delayMs: 5, reason: "last_chance" },
      { event: "queue_requeued", reason: "last_chance", delayMs: 5, durationMs: 0 },
    ],
    ["a copy", retried(1, 9), { event: "queue_requeued", reason: "failed", delayMs: 9, durationMs: 1 }],
    [
      "a copy with a code",
      { ...retried(1, 9), code: "ECONNREFUSED" },
      { event: "queue_requeued", reason: "failed", code: "ECONNREFUSED", delayMs: 9, durationMs: 1 },
    ],
    ["completed", completed, { event: "queue_completed", durationMs: 1 }],
    ["dead", died, { event: "task_dead", code: "REJECTED", durationMs: 1, lost: 3 }],
    ["expired", ended("expired"), { event: "task_expired", durationMs: 1 }],
    ["cancelled", ended("cancelled"), { event: "task_cancelled", durationMs: 1 }],
  ])("of %s", (_, decision, expected) => {
    expect(settledEvent(decision, about, 3)).toEqual(expected && { ...about, ...expected });
  });
});
