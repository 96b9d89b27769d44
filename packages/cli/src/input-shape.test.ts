import { expect, test } from "vitest";
import { LOOK_AHEAD_BYTES, shapeOf } from "./input-shape.ts";

test.each([
  ["", "lines"],
  ["\n \n", "lines"],
  ['{"a":1}\n', "lines"],
  ["1", "lines"],
  ["[1,2,3]", "array"],
  ["\n [1,2,3]\n\n", "array"],
  ["[1,2]\n[3,4]\n", "lines"],
  ["[1,2]\r\n\r\n{}\r\n", "lines"],
  ["[\n  1,\n  2\n]\n", "array"],
  ['[{"a":1},\n{"a":2}]', "array"],
  ['[{"a":1}\n,{"a":2}\n]', "array"],
  ['[{"a":\n1}]', "array"],
  ['[broken\n{"a":1}\n', "lines"],
  ["[1,2\n[3,4]\n", "lines"],
] as const)("%j is %s", (text, shape) => {
  expect(shapeOf(Buffer.from(text), true)).toBe(shape);
});

test.each(["", "\n", "[", "[1,2]", "[1,2]\n", "[1,\n  "])("%j does not tell yet", (text) => {
  expect(shapeOf(Buffer.from(text), false)).toBeUndefined();
});

test("what tells does not wait for more", () => {
  expect(shapeOf(Buffer.from("{"), false)).toBe("lines");
  expect(shapeOf(Buffer.from("[1,\n2"), false)).toBe("array");
  expect(shapeOf(Buffer.from("[1]\n[2"), false)).toBe("lines");
  expect(shapeOf(Buffer.from(`[${"1,".repeat(LOOK_AHEAD_BYTES / 2)}`), false)).toBe("array");
});
