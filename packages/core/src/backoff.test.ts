import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";

const policy = { baseMs: 1_000, maxMs: 300_000 };
const most = () => 1 - Number.EPSILON;

describe("back-off", () => {
  it.each([
    [0, 1_000],
    [1, 2_000],
    [2, 4_000],
    [8, 256_000],
    [9, 300_000],
    [52, 300_000],
    [1_000, 300_000],
    [Number.MAX_SAFE_INTEGER, 300_000],
  ])("before try %d is at most %d ms, and full jitter takes it down to 1", (n, capMs) => {
    expect(backoffMs(policy, n, most)).toBe(capMs);
    expect(backoffMs(policy, n, () => 0.5)).toBe(capMs / 2);
    expect(backoffMs(policy, n, () => 0)).toBe(1);
  });

  it("is a whole number of ms from 1 to the cap, whatever the policy", () => {
    const any = fc.record({
      baseMs: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      maxMs: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const inRange = fc.property(any, fc.nat(), random, (one, n, value) => {
      const ms = backoffMs(one, n, () => value);
      expect(Number.isSafeInteger(ms)).toBe(true);
      expect(ms).toBeGreaterThanOrEqual(1);
      expect(ms).toBeLessThanOrEqual(one.maxMs);
    });
    fc.assert(inRange, { numRuns: 2_000 });
  });

  it("is spread over the whole range", () => {
    const tenths = new Set<number>();
    for (let step = 0; step < 100; step += 1)
      tenths.add(Math.min(9, Math.floor(backoffMs(policy, 0, () => step / 100) / 100)));
    expect([...tenths].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
