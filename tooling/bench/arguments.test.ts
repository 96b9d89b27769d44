import { expect, test } from "vitest";
import { readArguments } from "./arguments.ts";

const known = ["memory", "redis"];

test("a name alone is a whole run", () => {
  expect(readArguments(["memory"], known)).toEqual({ name: "memory", size: "full", out: undefined });
});

test("options stand on either side of the name", () => {
  const expected = { name: "redis", size: "quick", out: "lines.jsonl" };
  expect(readArguments(["--quick", "redis", "--out", "lines.jsonl"], known)).toEqual(expected);
});

test.each([
  [[], "usage: ./dev bench NAME [--quick] [--out FILE]"],
  [["memory", "redis"], "usage: ./dev bench NAME [--quick] [--out FILE]"],
  [["mongo"], "there is no benchmark called mongo, there are: memory, redis"],
  [["memory", "--quik"], "--quik"],
])("%j is refused", (argv, complaint) => {
  expect(() => readArguments(argv, known)).toThrow(complaint);
});
