import { describe, expect, it } from "vitest";
import { batchesOf } from "./batches.ts";

const limits = { batchFrames: 3, batchBytes: 100 };

describe("batches", () => {
  it("keep the places and their order, and hold no more than a call may", () => {
    expect(batchesOf([0, 2, 3, 7, 8], limits, undefined)).toEqual([
      [0, 2, 3],
      [7, 8],
    ]);
    expect(batchesOf([4, 5, 6], limits, undefined)).toEqual([[4, 5, 6]]);
  });

  it("end where the bytes would be too many; what is larger than all of them goes alone", () => {
    const sizes = [60, 40, 1, 250, 10];
    expect(batchesOf([0, 1, 2, 3, 4], limits, (place) => sizes[place] ?? 0)).toEqual([[0, 1], [2], [3], [4]]);
  });
});
