import { describe, expect, it } from "vitest";
import { OpenTags } from "./tags.ts";

function opened(...tags: readonly number[]): OpenTags {
  const open = new OpenTags();
  for (const tag of tags) open.add(tag);
  return open;
}

describe("open delivery tags", () => {
  it.each([
    ["all of them", [1, 2, 3], [1, 2, 3], 3, [], 0],
    ["the lowest ones", [1, 2, 3], [2, 1], 2, [], 1],
    ["some above a gap", [1, 2, 3, 4], [1, 3, 4], 1, [3, 4], 1],
    ["none of the lowest", [5, 6, 7], [6], 0, [6], 2],
    ["some that were never there", [5], [4, 5, 9], 5, [], 0],
    ["one of them twice", [1, 2], [1, 1], 1, [], 1],
  ] as const)("acks %s", (_, there, acked, upTo, single, left) => {
    const open = opened(...there);
    expect(open.acked(acked)).toEqual({ upTo, single });
    expect(open.size).toBe(left);
  });

  it("counts what was rejected no more: an ack of all up to a tag passes it", () => {
    const open = opened(1, 2, 3);
    expect([open.take(2), open.take(2)]).toEqual([true, false]);
    expect(open.acked([1, 3])).toEqual({ upTo: 3, single: [] });
  });
});
