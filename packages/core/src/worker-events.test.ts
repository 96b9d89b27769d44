import { describe, expect, it } from "vitest";
import type { Frame } from "./contract/index.ts";
import { Hold } from "./lease/hold.ts";
import type { Decision } from "./settle/decision.ts";
import { frameOf } from "./testing/frames.ts";
import { completed, died, retried } from "./testing/settling.ts";
import { beatEvent, leasedEvent, settledEvent, startedEvent } from "./worker-events.ts";

const about = { queue: "q", task: "mail", taskId: "r/0", attempt: 2, workerId: "w1", trace: undefined };

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

it("what begins says whether it was sent again, or redriven", () => {
  expect(startedEvent(frameOf({ round: 2 }) as Frame, 1, "w1", 7)).toMatchObject({ round: 2, lost: 1, ageMs: 7 });
});

const receipt = { queue: { role: "work", name: "normal", of: "q" } } as const;

describe("leasedEvent", () => {
  const hold = (more: Partial<Frame>) =>
    new Hold(receipt, { ...frameOf({}), count: 1, tasks: [], firstSentAt: 1_000, ...more } as Frame, 0, 1_000);

  it("counts frames and tasks, names the sizes of packs, and how old the oldest is", () => {
    const holds = [{ firstSentAt: 900 }, { firstSentAt: 400, count: 3 }, { firstSentAt: 700, count: 2 }].map(hold);
    expect(leasedEvent(holds, "q", "w1", 1_000, 25)).toEqual({
      event: "frames_leased",
      queue: "q",
      workerId: "w1",
      frames: 3,
      tasks: 6,
      packs: [3, 2],
      ageMs: 600,
      waitedMs: 25,
      traces: [],
    });
  });

  it("a delayed frame is as old as it has been due", () => {
    const holds = [hold({ firstSentAt: 100, dueAt: 950 }), hold({ firstSentAt: 980 })];
    expect(leasedEvent(holds, "q", "w1", 1_000, 25)).toMatchObject({ ageMs: 50 });
  });

  it("names the traces of its tasks, where they have one", () => {
    const tasks = [{ task: "t" }, { task: "t", headers: { traceparent: "00-a-b-01" } }];
    expect(leasedEvent([hold({ count: 2, tasks }), hold({})], "q", "w1", 1_000, 25)).toMatchObject({
      traces: ["00-a-b-01"],
    });
  });

  it("a probe is no task", () => {
    expect(leasedEvent([hold({ count: 0 }), hold({})], "q", "w1", 1_000, 25)).toMatchObject({ frames: 1, tasks: 1 });
    expect(leasedEvent([hold({ count: 0 })], "q", "w1", 1_000, 25)).toBeUndefined();
    expect(leasedEvent([], "q", "w1", 1_000, 25)).toBeUndefined();
  });

  it("another machine's clock that is ahead makes nothing younger than now", () => {
    expect(leasedEvent([hold({ firstSentAt: 5_000 })], "q", "w1", 1_000, 25)).toMatchObject({ packs: [], ageMs: 0 });
  });
});

it("a beat says how many frames, and nothing where that has not changed", () => {
  const beat = { worker: "w1", slots: 4, busy: 2, retries: [], progress: [] };
  const common = { event: "beat_sent", queue: "q", workerId: "w1", slots: 4, busy: 2 };
  expect(beatEvent("beat_sent", "q", { ...beat, held: [["r", 0], ["r", 1, 5]] })).toEqual({ ...common, held: 2 }); // biome-ignore format: one line
  expect(beatEvent("beat_sent", "q", beat)).toEqual({ ...common, held: undefined });
});
