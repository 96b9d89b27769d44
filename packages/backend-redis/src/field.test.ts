import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { fieldSize, writeField } from "./field.ts";

function fieldOf(id: string): Buffer {
  const bytes = Buffer.alloc(fieldSize(id) + 3, 0xee);
  const end = writeField(bytes, 2, id);
  expect(end).toBeLessThanOrEqual(2 + fieldSize(id));
  expect([...bytes.subarray(0, 2), ...bytes.subarray(end)].every((byte) => byte === 0xee)).toBe(true);
  return bytes.subarray(2, end);
}

const run = randomBytes(8).toString("base64url");

it.each<[number, number]>([
  [0, 1],
  [255, 1],
  [256, 2],
  [65_536, 3],
  [16_777_216, 4],
  [4_294_967_295, 4],
])("packs the task %d of a run into a letter, its eight bytes and %d more", (index, more) => {
  const field = fieldOf(`${run}/${index}`);
  expect(field.subarray(0, 9)).toEqual(Buffer.concat([Buffer.from("p"), Buffer.from(run, "base64url")]));
  expect(field.subarray(9).readUIntBE(0, more)).toBe(index);
  expect(field).toHaveLength(9 + more);
});

it.each([
  "",
  "order-17",
  `${run}/`,
  `${run}/01`,
  `${run}/4294967296`,
  `${run}/10000000000`,
  `${run}/1+10`,
  `${run}/-1`,
  `${run}/1 `,
  `${run}`,
  `${run.slice(0, -1)}/1`,
  `${run}A/1`,
  // The last character of eight bytes has two bits that are nothing: another one would be the same bytes.
  "AAAAAAAAAAB/1",
  "AAAAAAAAA+A/1",
  "größe/größe",
  "\u{1f600}",
])("leaves %j as it is", (id) => {
  expect(fieldOf(id)).toEqual(Buffer.from(`i${id}`));
});

it("gives different ids different fields", () => {
  const runs = Array.from({ length: 20 }, () => randomBytes(8).toString("base64url"));
  const ids = runs.flatMap((each) => Array.from({ length: 300 }, (_, index) => `${each}/${index * 77}`));
  expect(new Set(ids.map((id) => fieldOf(id).toString("latin1"))).size).toBe(ids.length);
});
