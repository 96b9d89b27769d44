import { describe, expect, test } from "vitest";
import { baseline, candidate } from "./parser.ts";
import { firstDifference } from "./tree.ts";

describe.each([baseline, candidate])("trees of $name", ({ parse }) => {
  test.each([
    ["white space and parentheses", "a=b+c", "(a) = ((b) + (c));\n"],
    ["spellings of a number", "0x10", "16"],
    ["quotes", "'use strict'", '"use strict"'],
    ["line ends in a template", "`a\r\nb`", "`a\nb`"],
    ["regular expressions", "/a+/gu", "( /a+/gu )"],
  ])("%s make no difference", (_, one, other) => {
    expect(firstDifference(parse(one, "script"), parse(other, "script"))).toBeUndefined();
  });

  test.each([
    ["an operator", "a + b", "a - b", "body.0.expression.operator"],
    ["a regular expression's flags", "/a/g", "/a/i", "body.0.expression.value"],
    ["a number", "[1, 2]", "[1, 3]", "body.0.expression.elements.1.value"],
    ["a big integer", "1n", "2n", "body.0.expression.value"],
    ["a statement more", "a", "a; b", "body.1"],
    ["a hole", "[,]", "[a]", "body.0.expression.elements.0"],
  ])("%s does, and the path leads there", (_, one, other, path) => {
    expect(firstDifference(parse(one, "script"), parse(other, "script"))).toBe(path);
  });
});

test.each([
  [{ start: 1, end: 2, raw: "a", loc: {}, range: [1, 2] }, { start: 3, end: 4, raw: "b" }, undefined],
  [{ a: undefined }, {}, undefined],
  [{ a: null }, { a: {} }, "a"],
  [[1], { 0: 1 }, ""],
  [Number.NaN, Number.NaN, undefined],
  [1, "1", ""],
])("%j and %j", (left, right, path) => {
  expect(firstDifference(left, right)).toBe(path);
  expect(firstDifference(right, left)).toBe(path);
});
