import { describe, expect, test } from "vitest";
import { median, pairedRatio, quantile, spread } from "./statistics.ts";

test.each([
  [[7], 7],
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[10, 9, 100], 10],
])("the median of %j is %d", (values, expected) => {
  expect(median(values)).toBe(expected);
});

test.each([
  [0, 1],
  [0.25, 2],
  [0.95, 4.8],
  [1, 5],
])("the quantile at %d of 1 to 5 is %d", (share, expected) => {
  expect(quantile([5, 3, 1, 4, 2], share)).toBeCloseTo(expected, 10);
});

test("a spread leaves the values in their order", () => {
  const values = [3, 1, 2];
  expect(spread(values)).toEqual({ min: 1, median: 2, max: 3 });
  expect(values).toEqual([3, 1, 2]);
});

test("nothing has no quantile", () => {
  expect(() => quantile([], 0.5)).toThrow(RangeError);
});

describe("a ratio", () => {
  test("is taken within each round: a round in which everything was slow changes nothing", () => {
    expect(pairedRatio([100, 10, 100], [50, 5, 50], "more")).toBe(2);
    // The medians alone would say 100 ÷ 5.
    expect(pairedRatio([100, 100, 10], [50, 5, 5], "more")).toBe(2);
  });

  test("above 1 is better, also where less is better", () => {
    expect(pairedRatio([2, 2, 2], [4, 4, 4], "less")).toBe(2);
    expect(pairedRatio([4, 4, 4], [2, 2, 2], "less")).toBe(0.5);
  });

  test("needs the same rounds on both sides", () => {
    expect(() => pairedRatio([1, 2], [1], "more")).toThrow(RangeError);
  });
});
