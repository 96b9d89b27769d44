import { describe, expect, it } from "vitest";
import { PackSizer } from "./pack-sizer.ts";

const sizes = { targetPackMs: 100, initialBatchSize: 10, maxBatchSize: 50 };
const MANY = 1e6;

function sizerAfter(...durations: readonly number[]): PackSizer {
  const sizer = new PackSizer(sizes);
  for (const ms of durations) sizer.ran(ms);
  return sizer;
}

describe("the size of a pack", () => {
  it.each<[string, number[], number, number, number]>([
    ["is the first one as long as nothing is known", [], MANY, 1, 10],
    ["makes up the target", [4], MANY, 1, 25],
    ["is at most the largest", [0.5], MANY, 1, 50],
    ["is at most the largest, too, where tasks take no time", [0], MANY, 1, 50],
    ["is one for tasks as long as the target", [100], MANY, 1, 1],
    ["is one for longer ones", [5_000], MANY, 1, 1],
    ["is rounded down: a pack is not longer than it should be", [35], MANY, 1, 2],
    ["shares what is left: two packs a worker", [1], 40, 4, 5],
    ["shares the tail so that nothing is left over", [1], 41, 4, 6],
    ["is one where less is left than workers", [1], 3, 8, 1],
    ["is one where nothing is left", [1], 0, 8, 1],
    ["shares with one worker where none was heard of", [1], 20, 0, 10],
    ["shares also while nothing is known", [], 8, 1, 4],
  ])("%s", (_, durations, left, workers, size) => {
    expect(sizerAfter(...durations).size(left, workers)).toBe(size);
  });

  it("follows what tasks take now, slowly: one outlier does not undo what is known", () => {
    const sizer = sizerAfter(...Array(100).fill(4));
    sizer.ran(40);
    expect(sizer.size(MANY, 1)).toBe(17);
    for (let n = 0; n < 60; n += 1) sizer.ran(4);
    expect(sizer.size(MANY, 1)).toBe(24);
    for (let n = 0; n < 200; n += 1) sizer.ran(20);
    expect(sizer.size(MANY, 1)).toBe(5);
  });

  it.each([Number.NaN, -1e308, Number.NEGATIVE_INFINITY, 1e308, Number.POSITIVE_INFINITY])(
    "is not spoiled by a worker that says that a task took %d ms",
    (ms) => {
      const sizer = sizerAfter(3.9, ms);
      for (let n = 0; n < 500; n += 1) sizer.ran(3.9);
      expect(sizer.size(MANY, 1)).toBe(25);
    },
  );
});
