import { expect, test } from "vitest";
import { Tally } from "./tally.ts";

test.each<[string, readonly number[], string | undefined]>([
  ["all of them, in any order", [2, 0, 1], undefined],
  ["one lost", [0, 2], "2 results of the sum 2, expected 3 of the sum 3"],
  ["one twice", [0, 1, 1, 2], "4 results of the sum 4, expected 3 of the sum 3"],
  ["one wrong", [0, 1, 7], "3 results of the sum 8, expected 3 of the sum 3"],
])("%s", (_, values, complaint) => {
  const tally = new Tally(3);
  for (const value of values) tally.take(value);
  expect(tally.taken).toBe(values.length);
  if (complaint === undefined) tally.check();
  else expect(() => tally.check()).toThrow(complaint);
});
