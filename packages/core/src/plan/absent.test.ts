import { describe, expect, it } from "vitest";
import type { Profile, Queue } from "../contract/index.ts";
import { memoryProfile } from "../memory/profile.ts";
import { deadQueue, laterQueue, replyQueue, tierQueue, workQueue } from "../queues.ts";
import { absentOf, refusedWithout } from "./absent.ts";

const capped: Profile = { ...memoryProfile, priorityLevels: 0, sendDelayMs: 900_000 };
const [high, middle, low] = [workQueue("q", "high"), workQueue("q"), workQueue("q", "low")];
const later = laterQueue("q");

describe("absentOf", () => {
  it.each<[string, readonly Queue[], object | undefined]>([
    ["one lane", [low], { lanes: true, later: false }],
    ["both lanes", [high, low], { lanes: true, later: false }],
    ["what long delays wait in", [later], { lanes: false, later: true }],
    ["all of them", [high, later, low], { lanes: true, later: true }],
    ["none that is known", [], undefined],
    ["the middle lane", [high, middle], undefined],
    ["the dead letters", [later, deadQueue("q")], undefined],
    ["replies", [replyQueue("q", "c")], undefined],
    ["a tier", [tierQueue(100)], undefined],
  ])("%s: %o", (_, missing, expected) => {
    expect(absentOf(capped, missing)).toEqual(expected);
  });

  it("is nothing that goes on where delays have nowhere else to wait", () => {
    expect(absentOf({ ...capped, sendDelayMs: 0 }, [later])).toBeUndefined();
    expect(absentOf({ ...capped, sendDelayMs: 0 }, [low])).toEqual({ lanes: true, later: false });
  });
});

it.each([
  [
    true,
    true,
    "one lane: priorities other than 4 to 6 are refused; delays above 15 min are refused, longer pauses before a retry end then",
  ],
  [true, false, "one lane: priorities other than 4 to 6 are refused"],
  [false, true, "delays above 15 min are refused, longer pauses before a retry end then"],
])("says what is refused therefore, with the number that stays: lanes %s, later %s", (lanes, later, text) => {
  expect(refusedWithout(capped, { lanes, later })).toBe(text);
});
