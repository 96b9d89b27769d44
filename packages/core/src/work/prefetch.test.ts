import { describe, expect, it } from "vitest";
import { Prefetch } from "./prefetch.ts";

describe("Prefetch", () => {
  it("is nothing while either time is unknown", () => {
    const prefetch = new Prefetch(10);
    expect(prefetch.tasks).toBe(0);
    prefetch.received(20);
    expect(prefetch.tasks).toBe(0);
    const other = new Prefetch(10);
    other.ran(1);
    expect(other.tasks).toBe(0);
  });

  it.each([
    ["as much as the handlers use up in a round trip", 10, 20, 10, 20],
    ["nothing for long tasks", 10, 20, 201, 0],
    ["one where the round trip is as long as a tenth of a task", 10, 20, 200, 1],
    ["at most 1,000", 100, 50, 0.001, 1_000],
    ["at most 1,000 for tasks of no time at all", 1, 5, 0, 1_000],
    ["nothing without a round trip", 10, 0, 1, 0],
  ])("%s", (_, concurrency, roundTripMs, taskMs, frames) => {
    const prefetch = new Prefetch(concurrency);
    prefetch.received(roundTripMs);
    prefetch.ran(taskMs);
    expect(prefetch.tasks).toBe(frames);
  });

  it("follows a change in steps, and gets there", () => {
    const prefetch = new Prefetch(10);
    prefetch.received(10);
    prefetch.ran(1);
    expect(prefetch.tasks).toBe(100);
    prefetch.ran(100);
    expect(prefetch.tasks).toBeGreaterThan(0);
    for (let run = 0; run < 50; run += 1) prefetch.ran(100);
    expect(prefetch.tasks).toBe(1);
    for (let run = 0; run < 50; run += 1) prefetch.received(100);
    expect(prefetch.tasks).toBe(6);
    for (let run = 0; run < 150; run += 1) prefetch.received(100);
    expect(prefetch.tasks).toBeGreaterThanOrEqual(9);
    prefetch.received(10);
    expect(prefetch.tasks).toBe(1);
  });

  describe("frames for the tasks that are wanted", () => {
    it("are as many, while no packs are seen", () => {
      const prefetch = new Prefetch(10);
      expect([0, -3, 1, 10].map((tasks) => prefetch.framesFor(tasks))).toEqual([0, 0, 1, 10]);
      prefetch.brought(10, 10);
      prefetch.brought(0, 0);
      expect(prefetch.framesFor(10)).toBe(10);
    });

    it("are fewer at once when packs come, and one at least", () => {
      const prefetch = new Prefetch(10);
      prefetch.brought(4, 40);
      expect([0, 1, 9, 10, 25, 100].map((tasks) => prefetch.framesFor(tasks))).toEqual([0, 1, 1, 1, 2, 10]);
      prefetch.brought(2, 200);
      expect(prefetch.framesFor(1_000)).toBe(10);
    });

    it("are more again, step by step, when packs get smaller", () => {
      const prefetch = new Prefetch(10);
      prefetch.brought(1, 100);
      prefetch.brought(1, 1);
      expect(prefetch.framesFor(800)).toBe(9);
      for (let receive = 0; receive < 30; receive += 1) prefetch.brought(1, 1);
      expect(prefetch.framesFor(20)).toBeGreaterThanOrEqual(15);
    });

    it("do not count a probe as less than a task", () => {
      const prefetch = new Prefetch(10);
      prefetch.brought(2, 0);
      expect(prefetch.framesFor(10)).toBe(10);
    });
  });
});
