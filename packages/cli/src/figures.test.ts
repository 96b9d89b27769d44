import { expect, test } from "vitest";
import { countText, durationText, rateText, tableText } from "./figures.ts";

test.each([
  [0, "0 ms"],
  [340.4, "340 ms"],
  [1_000, "1.0 s"],
  [59_949, "59.9 s"],
  [59_960, "1 min 00 s"],
  [245_000, "4 min 05 s"],
  [3_599_600, "1 h 00 min"],
  [11_220_000, "3 h 07 min"],
])("%d ms are %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test("counts and rates", () => {
  expect(countText(1_234_567)).toBe("1,234,567");
  expect(rateText(0)).toBe("0/s");
  expect(rateText(12.345)).toBe("12.3/s");
  expect(rateText(12_345.6)).toBe("12,346/s");
});

test("a table", () => {
  const rows = [
    ["lane", "ready"],
    ["high", "3"],
    ["low", "12,000"],
  ];
  expect(tableText(rows)).toBe("lane   ready\nhigh       3\nlow   12,000\n");
});
