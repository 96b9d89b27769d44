import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hopFrame } from "./codec/hop.ts";
import { type Profile, queueKey, UNLIMITED } from "./contract/index.ts";
import { memoryProfile } from "./memory/profile.ts";
import { Routes } from "./routes.ts";
import { decoded, frameOf } from "./testing/frames.ts";

const WALL_MS = 1_700_000_000_000;
const NO_PRIORITY = { priorityLevels: 0, priorityOrder: "none" } as const;

function routesOf(change: Partial<Profile>, delayPrecisionMs = 100): Routes {
  return new Routes({ ...memoryProfile, ...change, limits: { ...memoryProfile.limits, delayPrecisionMs } });
}

const native = routesOf({});
const later = routesOf({ sendDelayMs: 900_000, ...NO_PRIORITY });
const tiers = routesOf({ sendDelayMs: 0, releaseDelayMs: 0, ...NO_PRIORITY });

describe("queues", () => {
  it("are one for work where the broker can do all by itself", () => {
    expect([native.workQueues("q").map(queueKey), native.delayQueues("q")]).toEqual([["q/work/normal"], []]);
  });

  it("are three for work without priorities, highest first, and one more for what is later than the native delay", () => {
    expect(later.workQueues("q").map(queueKey)).toEqual(["q/work/high", "q/work/normal", "q/work/low"]);
    expect(later.delayQueues("q").map(queueKey)).toEqual(["q/later/later"]);
  });

  it("are the namespace's tiers without a native delay, the same for every queue", () => {
    expect(tiers.delayQueues("q").map(queueKey).slice(0, 3)).toEqual(["/tier/100", "/tier/200", "/tier/400"]);
    expect(tiers.delayQueues("q")).toEqual(tiers.delayQueues("other"));
    const lease = { kind: "timed", stepMs: 1, totalCapMs: 1_000 } as const;
    expect(routesOf({ sendDelayMs: 0, releaseDelayMs: 0, lease }).delayQueues("q").map(queueKey)).toEqual([
      "/tier/100",
      "/tier/200",
      "/tier/400",
    ]);
  });
});

describe("bands", () => {
  it("are the priorities themselves where the broker has them, else the lowest of each lane", () => {
    const priorities = Array.from({ length: 11 }, (_, priority) => priority);
    expect(priorities.map((priority) => native.bandOf(priority))).toEqual(priorities);
    expect(priorities.map((priority) => tiers.bandOf(priority))).toEqual([0, 0, 0, 0, 4, 4, 4, 7, 7, 7, 7]);
    // A band is a priority of its lane: a probe at it goes where the lane's tasks go.
    for (const priority of priorities) expect(tiers.laneOf(tiers.bandOf(priority))).toBe(tiers.laneOf(priority));
  });
});

describe("route", () => {
  it.each([
    ["native", native, 0, "q/work/high", 0, undefined],
    ["native", native, 40 * 86_400_000, "q/work/high", 40 * 86_400_000, undefined],
    ["later", later, 900_000, "q/work/high", 900_000, undefined],
    ["later", later, 900_001, "q/later/later", 900_000, 900_000],
    ["tiers", tiers, 0, "q/work/high", 0, undefined],
    ["tiers", tiers, 30, "/tier/100", 0, 100],
    ["tiers", tiers, 500, "/tier/400", 0, 400],
  ])("%s: %o, %d ms", (_, routes, delayMs, key, nativeMs, stayMs) => {
    const { queue, delayMs: out, waiting } = routes.route("q", "high", WALL_MS + delayMs, WALL_MS);
    expect([queueKey(queue), out]).toEqual([key, nativeMs]);
    expect(waiting).toEqual(
      stayMs === undefined
        ? delayMs > 0
          ? { dueAt: WALL_MS + delayMs }
          : undefined
        : { queue: "q", lane: "high", dueAt: WALL_MS + delayMs, leaveAt: WALL_MS + stayMs },
    );
  });

  /** From hop to hop as the pumps do it, each of them at a moment of its own clock. Answers when it comes to its work queue, and by how many hops. */
  function journey(routes: Routes, delayMs: number, wallMs: number, late: () => number): [atMs: number, hops: number] {
    let route = routes.route("q", "low", wallMs + delayMs, wallMs);
    let frame = frameOf();
    let now = wallMs;
    for (let hops = 0; ; hops += 1) {
      const counters = { round: 0, attempt: 0, copy: hops, lost: 0 };
      frame = decoded(hopFrame(frame, counters, route.delayMs, route.waiting).bytes);
      now += route.delayMs;
      if (route.queue.role === "work") {
        expect([frame.dueAt, frame.leaveAt]).toEqual([Math.ceil(wallMs + delayMs), undefined]);
        return [now, hops];
      }
      expect([frame.queue, frame.lane]).toEqual(["q", "low"]);
      const { dueAt = 0, leaveAt = 0 } = frame;
      now = Math.max(now, Math.min(dueAt, leaveAt)) + late();
      route = routes.route(frame.queue, frame.lane, dueAt, now);
    }
  }

  it.each([
    ["tiers", tiers, 100],
    ["later", later, 1],
  ])(
    "from 50 ms to 40 days, hop after hop, on clocks between two milliseconds: never early, late by no more than the last wait: %s",
    (_, routes, precisionMs) => {
      const power = fc.double({ min: Math.log(50), max: Math.log(40 * 86_400_000), noNaN: true });
      const lateness = fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true }));
      fc.assert(
        fc.property(power, fc.double({ min: 0, max: 0.999, noNaN: true }), lateness, (exponent, fraction, stream) => {
          const delayMs = Math.round(Math.exp(exponent));
          const sentAt = WALL_MS + fraction;
          const [at] = journey(routes, delayMs, sentAt, () => stream.next().value as number);
          expect(at - sentAt - delayMs).toBeGreaterThanOrEqual(-0.001);
          expect(at - sentAt - delayMs).toBeLessThanOrEqual(precisionMs + 2);
        }),
        { numRuns: 60 },
      );
    },
  );

  it("is native as long as the broker's own delay reaches", () => {
    const capped = routesOf({ sendDelayMs: UNLIMITED });
    expect(journey(capped, 1e12, WALL_MS, () => 0)).toEqual([WALL_MS + 1e12, 0]);
  });
});
