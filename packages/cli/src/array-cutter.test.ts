import { expect, test } from "vitest";
import { ArrayCutter } from "./array-cutter.ts";

function cutAll(text: string, chunkBytes: number, maxBytes?: number): [number, string][] {
  const cutter = new ArrayCutter(maxBytes);
  const bytes = Buffer.from(text);
  const cuts = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) cuts.push(...cutter.push(bytes.subarray(at, at + chunkBytes)));
  cuts.push(...cutter.end());
  return cuts.map((cut) => [cut.line, cut.fault ?? cut.bytes.toString().trim()]);
}

test.each([1, 2, 3, 5, 1_000])("elements are those of JSON.parse, in chunks of %d bytes", (chunkBytes) => {
  const elements = [
    1,
    -2.5,
    null,
    "",
    'a,]}"\\',
    { a: [1, { b: "]" }], c: "\\" },
    [],
    {},
    [[["[", "{"]]],
    "ü€😀",
    "\n",
  ];
  for (const text of [
    JSON.stringify(elements),
    JSON.stringify(elements, null, 2),
    `\n ${JSON.stringify(elements)} \r\n`,
  ]) {
    expect(cutAll(text, chunkBytes).map(([, element]) => JSON.parse(element))).toEqual(elements);
  }
});

test.each([1, 1_000])("an element has the line where it begins (chunks of %d bytes)", (chunkBytes) => {
  expect(cutAll('[\n1,\n\n{"a":\n2},3\n]\n', chunkBytes)).toEqual([
    [2, "1"],
    [4, '{"a":\n2}'],
    [5, "3"],
  ]);
});

test.each(["[]", " [ ]\n", "[\n\n]"])("%j has no elements", (text) => {
  expect(cutAll(text, 1)).toEqual([]);
});

test.each([1, 3, 1_000])(
  "what is malformed is one cut, and those after it go on (chunks of %d bytes)",
  (chunkBytes) => {
    expect(cutAll("[1,,{a:1],}2,3,]", chunkBytes)).toEqual([
      [1, "1"],
      [1, "an element of the JSON array is missing"],
      [1, "{a:1]"],
      [1, "}2"],
      [1, "3"],
      [1, "an element of the JSON array is missing"],
    ]);
  },
);

test.each(["[1,2", '[1,{"a":"]', "[1,", "[1,\n"])("%j is not closed", (text) => {
  const cuts = cutAll(text, 2);
  expect(cuts[0]).toEqual([1, "1"]);
  expect(cuts.at(-1)?.[1]).toBe("the JSON array is not closed");
  expect(cuts).toHaveLength(2);
});

test("text after the end is one fault, however much it is", () => {
  expect(cutAll("[1]\n\n[2]\n[3]\n", 2)).toEqual([
    [1, "1"],
    [3, "more text after the end of the JSON array"],
  ]);
});

test("an element above the bound is a fault, its neighbours are not", () => {
  expect(cutAll("[1, 12345678901 ,3]", 4, 10)).toEqual([
    [1, "1"],
    [1, "longer than 10 bytes"],
    [1, "3"],
  ]);
});
