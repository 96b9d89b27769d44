import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Profile, UNLIMITED } from "../contract/index.ts";
import { memoryProfile } from "../memory/profile.ts";
import { type DelayPlan, delayPlan, nextHop } from "./delay.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Log-uniform: a delay of 50 ms is as likely as one of 40 days. */
const delays = fc
  .double({ min: Math.log(50), max: Math.log(40 * DAY_MS), noNaN: true })
  .map((power) => Math.min(40 * DAY_MS, Math.exp(power)));

function profileOf(delayPrecisionMs: number, totalCapMs: number, sendDelayMs = 0, releaseDelayMs = 0): Profile {
  const { limits } = memoryProfile;
  return {
    ...memoryProfile,
    sendDelayMs,
    releaseDelayMs,
    lease: { kind: "timed", stepMs: 1, totalCapMs },
    limits: { ...limits, delayPrecisionMs },
  };
}

function tiersOf(delayPrecisionMs: number, totalCapMs: number = UNLIMITED): readonly number[] {
  const plan = delayPlan(profileOf(delayPrecisionMs, totalCapMs));
  if (plan.kind !== "tiers") throw new TypeError(`${plan.kind} instead of tiers`);
  return plan.tiersMs;
}

describe("delayPlan", () => {
  it.each([
    [UNLIMITED, { kind: "native" }],
    [900_000, { kind: "later", nativeMs: 900_000 }],
    [1, { kind: "later", nativeMs: 1 }],
  ])("with a native delay of %d ms", (sendDelayMs, plan) => {
    expect(delayPlan(profileOf(1, UNLIMITED, sendDelayMs))).toEqual(plan);
  });

  it.each([
    [UNLIMITED, 0],
    [43_200_000, 0],
    [1, 0],
    [43_200_000, 900_000],
  ])(
    "with releases that can be delayed by %d ms and sends by %d ms has one queue for all delays",
    (releaseMs, sendMs) => {
      expect(delayPlan(profileOf(1, UNLIMITED, sendMs, releaseMs))).toEqual({ kind: "later", nativeMs: sendMs });
    },
  );

  it.each([
    [100, 100 * 2 ** 19, 20],
    [1_000, 1_000 * 2 ** 15, 16],
    [1, 2 ** 25, 26],
    [0, 2 ** 25, 26],
  ])("without one, and with a precision of %d ms, has tiers up to 15 h", (precisionMs, longestMs, count) => {
    const tiersMs = tiersOf(precisionMs);
    expect([tiersMs.at(0), tiersMs.at(-1), tiersMs.length]).toEqual([Math.max(1, precisionMs), longestMs, count]);
    expect(longestMs).toBeLessThanOrEqual(15 * HOUR_MS);
    expect(longestMs * 2).toBeGreaterThan(15 * HOUR_MS);
  });

  it("doubles from the precision, and never goes past half the lease cap", () => {
    const caps = fc.integer({ min: 2_000, max: 40 * HOUR_MS });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), caps, (precisionMs, totalCapMs) => {
        const tiersMs = tiersOf(precisionMs, totalCapMs);
        expect(tiersMs[0]).toBe(precisionMs);
        tiersMs.forEach((tierMs, index) => {
          expect(tierMs).toBe(precisionMs * 2 ** index);
          expect(tierMs).toBeLessThanOrEqual(totalCapMs / 2);
        });
        expect((tiersMs.at(-1) as number) * 2).toBeGreaterThan(Math.min(15 * HOUR_MS, totalCapMs / 2));
      }),
    );
  });
});

describe("nextHop", () => {
  const native: DelayPlan = { kind: "native" };
  const later: DelayPlan = { kind: "later", nativeMs: 900 };
  const tiers: DelayPlan = { kind: "tiers", tiersMs: [100, 200, 400] };
  const releases: DelayPlan = { kind: "later", nativeMs: 0 };

  it.each([
    ["native", native, 0, { to: "work", delayMs: 0 }],
    ["native", native, 0.1, { to: "work", delayMs: 1 }],
    ["native", native, 1e9, { to: "work", delayMs: 1e9 }],
    ["later", later, 900, { to: "work", delayMs: 900 }],
    ["later", later, 900.1, { to: "later", delayMs: 900 }],
    ["later", later, 901, { to: "later", delayMs: 900 }],
    ["releases", releases, 0, { to: "work", delayMs: 0 }],
    ["releases", releases, 0.1, { to: "later", delayMs: 0 }],
    ["releases", releases, 1e9, { to: "later", delayMs: 0 }],
    ["tiers", tiers, -5, { to: "work", delayMs: 0 }],
    ["tiers", tiers, 0, { to: "work", delayMs: 0 }],
    ["tiers", tiers, 0.1, { to: "tier", tierMs: 100 }],
    ["tiers", tiers, 99, { to: "tier", tierMs: 100 }],
    ["tiers", tiers, 199, { to: "tier", tierMs: 100 }],
    ["tiers", tiers, 199.5, { to: "tier", tierMs: 200 }],
    ["tiers", tiers, 200, { to: "tier", tierMs: 200 }],
    ["tiers", tiers, 5_000, { to: "tier", tierMs: 400 }],
  ] as const)("%s: %o, due in %d ms", (_, plan, dueInMs, hop) => {
    expect(nextHop(plan, dueInMs)).toEqual(hop);
  });

  it("takes any delay to its end by constant delays: never early, late by less than the smallest, in few hops", () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 10, 100, 1_000), delays, (precisionMs, delayMs) => {
        const tiersMs = tiersOf(precisionMs);
        const plan: DelayPlan = { kind: "tiers", tiersMs };
        const longestMs = tiersMs.at(-1) as number;
        let elapsedMs = 0;
        let hops = 0;
        for (;;) {
          const hop = nextHop(plan, delayMs - elapsedMs);
          if (hop.to === "work") break;
          if (hop.to === "later") throw new TypeError("tiers have no later queue");
          elapsedMs += hop.tierMs;
          hops += 1;
        }
        const lateMs = elapsedMs - delayMs;
        expect(lateMs).toBeGreaterThanOrEqual(0);
        expect(lateMs).toBeLessThan(precisionMs + 1);
        // Once through each tier at most, but for the longest.
        expect(hops).toBeLessThanOrEqual(tiersMs.length + Math.floor(delayMs / longestMs));
        if (delayMs < longestMs * 2)
          expect(hops).toBeLessThanOrEqual(Math.max(2, 2 * Math.log2(delayMs / precisionMs)));
      }),
      { numRuns: 1_000 },
    );
  });

  it("takes any delay to its end by a native one: on time, and the last hop leads to the work queue", () => {
    fc.assert(
      fc.property(fc.integer({ min: 600_000, max: DAY_MS }), delays, (nativeMs, delayMs) => {
        const plan: DelayPlan = { kind: "later", nativeMs };
        let elapsedMs = 0;
        for (let hops = 0; ; hops += 1) {
          const hop = nextHop(plan, delayMs - elapsedMs);
          if (hop.to === "tier") throw new TypeError("a native delay has no tiers");
          if (hop.delayMs > nativeMs) throw new RangeError(`a native delay of ${hop.delayMs} ms`);
          elapsedMs += hop.delayMs;
          if (hop.to === "work") {
            expect(hops).toBe(Math.ceil(delayMs / nativeMs) - 1);
            break;
          }
        }
        expect(elapsedMs - delayMs).toBeGreaterThanOrEqual(0);
        expect(elapsedMs - delayMs).toBeLessThan(1);
      }),
      { numRuns: 1_000 },
    );
  });
});
