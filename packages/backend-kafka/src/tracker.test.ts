import { describe, expect, it } from "vitest";
import { Tracker } from "./tracker.ts";

describe("what is read ahead of a partition", () => {
  it.each([
    ["nothing in them", 0, null],
    ["a key only", 0, Buffer.alloc(100)],
    ["values", 1_000, null],
  ])("is bounded, also where records have %s, and asked for again when it is taken", (_, bytes, key) => {
    const tracker = new Tracker({ topic: "t", partition: 0 }, { base: 0, done: [], lostBelow: 0 });
    const value = Buffer.alloc(bytes);
    for (let from = 0; tracker.isHungry; from += 100) {
      expect(from).toBeLessThan(20_000);
      tracker.feed({ topic: "t", partition: 0, high: from + 100, records: Array.from({ length: 100 }, (_, at) => ({ offset: from + at, key, value })) }); // biome-ignore format: one line
    }
    for (let next = tracker.next(); next !== undefined; next = tracker.next()) tracker.ledger.finish(next.offset);
    expect(tracker.isHungry).toBe(true);
  });
});
