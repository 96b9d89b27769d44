import { describe, expect, it } from "vitest";
import { memoryProfile } from "../memory/profile.ts";
import { hasPriorities, laneBounds, laneOf, lanesOf, threeLanes } from "./lanes.ts";

const priorities = Array.from({ length: 11 }, (_, priority) => priority);

describe("lanesOf", () => {
  it.each([
    [11, "strict", 1],
    [256, "strict", 1],
    [10, "strict", 3],
    [11, "mixed", 3],
    [0, "none", 3],
  ] as const)("%d levels, %s: %d lanes", (priorityLevels, priorityOrder, count) => {
    const profile = { ...memoryProfile, priorityLevels, priorityOrder };
    expect(hasPriorities(profile)).toBe(count === 1);
    expect(lanesOf(profile)).toHaveLength(count);
  });

  it.each([[lanesOf(memoryProfile)], [threeLanes]])(
    "takes each priority in one lane, the higher ones first",
    (lanes) => {
      for (const priority of priorities) {
        expect(lanes.filter(({ least, most }) => priority >= least && priority <= most)).toEqual([
          laneOf(lanes, priority),
        ]);
      }
      const places = priorities.map((priority) => lanes.indexOf(laneOf(lanes, priority)));
      expect(places).toEqual(places.toSorted((a, b) => b - a));
    },
  );
});

describe("laneOf", () => {
  it.each([
    [10, "high"],
    [7, "high"],
    [6, "normal"],
    [4, "normal"],
    [3, "low"],
    [0, "low"],
  ])("of priority %d is %s", (priority, name) => {
    expect(laneOf(threeLanes, priority).name).toBe(name);
  });

  it.each([-1, 11, 6.5, Number.NaN])("throws for %d, which is no priority", (priority) => {
    expect(() => laneOf(threeLanes, priority)).toThrow(RangeError);
  });
});

describe("laneBounds", () => {
  it.each([
    [1, { overGrant: 2, lateHigh: 3 + 2 * 4, starvation: 3 + 2 * 11 }],
    [10, { overGrant: 2, lateHigh: 12 + 2 * 4, starvation: 12 + 2 * 11 }],
  ])("of three lanes and a capacity of %d", (capacity, bounds) => {
    expect(laneBounds(threeLanes, capacity)).toEqual(bounds);
  });

  it("of one lane are what is held, and no more: the broker keeps the order", () => {
    expect(laneBounds(lanesOf(memoryProfile), 10)).toEqual({ overGrant: 0, lateHigh: 10, starvation: 10 });
  });
});
