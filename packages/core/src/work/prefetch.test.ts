import { describe, expect, it } from "vitest";
import { Prefetch } from "./prefetch.ts";

describe("Prefetch", () => {
  it("is nothing while either time is unknown", () => {
    const prefetch = new Prefetch(10);
    expect(prefetch.frames).toBe(0);
    prefetch.received(20);
    expect(prefetch.frames).toBe(0);
    const other = new Prefetch(10);
    other.ran(1);
    expect(other.frames).toBe(0);
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
    expect(prefetch.frames).toBe(frames);
  });

  it("follows a change in steps, and gets there", () => {
    const prefetch = new Prefetch(10);
    prefetch.received(10);
    prefetch.ran(1);
    expect(prefetch.frames).toBe(100);
    prefetch.ran(100);
    expect(prefetch.frames).toBeGreaterThan(0);
    for (let run = 0; run < 50; run += 1) prefetch.ran(100);
    expect(prefetch.frames).toBe(1);
    for (let run = 0; run < 50; run += 1) prefetch.received(100);
    expect(prefetch.frames).toBe(6);
    for (let run = 0; run < 150; run += 1) prefetch.received(100);
    expect(prefetch.frames).toBeGreaterThanOrEqual(9);
    prefetch.received(10);
    expect(prefetch.frames).toBe(1);
  });
});
