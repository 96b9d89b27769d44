import { expect, test } from "vitest";
import { readArguments } from "./arguments.ts";

test.each([
  [["--seeds", "2000"], { first: 1, count: 2000 }],
  [["--seed", "17"], { first: 17, count: 1 }],
  [["--seeds", "5", "--seed", "0"], { first: 0, count: 5 }],
])("%j", (argv, expected) => {
  expect(readArguments(argv)).toEqual(expected);
});

test.each([
  [[], "usage"],
  [["--seeds", "0"], "--seeds"],
  [["--seed", "-1"], "--seed"],
  [["--seeds", "many"], "many"],
  [["--sedes", "3"], "--sedes"],
  [["3"], "3"],
])("refuses %j", (argv, words) => {
  expect(() => readArguments(argv)).toThrow(words);
});
