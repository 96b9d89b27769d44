import { expect, test } from "vitest";
import { LineCutter } from "./line-cutter.ts";

function cutAll(text: string, chunkBytes: number, maxBytes?: number): [number, string][] {
  const cutter = new LineCutter(maxBytes);
  const bytes = Buffer.from(text);
  const cuts = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) cuts.push(...cutter.push(bytes.subarray(at, at + chunkBytes)));
  cuts.push(...cutter.end());
  return cuts.map((cut) => [cut.line, cut.fault ?? cut.bytes.toString()]);
}

test.each([1, 2, 3, 7, 1_000])("lines come whole in chunks of %d bytes", (chunkBytes) => {
  expect(cutAll('{"a":1}\n\n  \t\n"ü€😀"\r\n3', chunkBytes)).toEqual([
    [1, '{"a":1}'],
    [4, '"ü€😀"\r'],
    [5, "3"],
  ]);
});

test("nothing comes of nothing, and of blank lines", () => {
  expect(cutAll("", 1)).toEqual([]);
  expect(cutAll("\n\r\n \n", 2)).toEqual([]);
});

test.each([1, 4, 1_000])(
  "a line above the bound is a fault, its neighbours are not (chunks of %d bytes)",
  (chunkBytes) => {
    expect(cutAll("1234567890\n12345678901\n3\n", chunkBytes, 10)).toEqual([
      [1, "1234567890"],
      [2, "longer than 10 bytes"],
      [3, "3"],
    ]);
  },
);
