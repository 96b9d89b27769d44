import { expect, test } from "vitest";
import { readArguments, usageOf } from "./arguments.ts";

const nothing = { gates: false, full: false, nodes: false, patterns: [] };

test.each([
  [[], nothing],
  [["--full"], { ...nothing, full: true }],
  [["--nodes"], { ...nothing, nodes: true }],
  [["kafka", "dev.test"], { ...nothing, patterns: ["kafka", "dev.test"] }],
  [["--gates"], { ...nothing, gates: true }],
])("%j", (argv, expected) => {
  expect(readArguments(argv)).toEqual(expected);
});

test.each([
  [["--foo"], "--foo"],
  [["--gates", "kafka"], "check takes no patterns"],
  [["--gates", "--full"], "check takes no patterns"],
])("refuses %j", (argv, words) => {
  expect(() => readArguments(argv)).toThrow(words);
});

test("the usage is that of the command", () => {
  expect(usageOf(["--help"])).toMatch(/^usage: \.\/dev test /);
  expect(usageOf(["--gates", "--help"])).toMatch(/^usage: \.\/dev check/);
});
