import { expect, test } from "vitest";
import { comparisonLine, figureLine } from "./line.ts";

const place = { bench: "memory", case: "end-to-end/single" };

test("a figure is one object, with its keys in their order", () => {
  expect(JSON.stringify(figureLine(place, "dispatch", "tasks/s", [250_000.4, 240_000, 260_000]))).toBe(
    '{"bench":"memory","case":"end-to-end/single","subject":"dispatch","unit":"tasks/s","min":240000,"median":250000,"max":260000,"runs":3}',
  );
});

test("more of a case stands in the same line, each the median over the rounds", () => {
  const p99 = [3, 1, 2];
  expect(figureLine({ ...place, case: "latency/idle" }, "dispatch", "ms", [0.1, 0.2, 0.3], { p99 })).toEqual({
    bench: "memory",
    case: "latency/idle",
    subject: "dispatch",
    unit: "ms",
    min: 0.1,
    median: 0.2,
    max: 0.3,
    runs: 3,
    p99: 2,
  });
});

test("a comparison is one object, with its keys in their order", () => {
  const line = comparisonLine(
    place,
    { subject: "dispatch", values: [1, 2] },
    { subject: "fastq", values: [3, 3] },
    "more",
  );
  expect(JSON.stringify(line)).toBe(
    '{"bench":"memory","case":"end-to-end/single","of":"dispatch","to":"fastq","ratio":0.5}',
  );
});

test.each([
  [0.123456, 0.1235],
  [12.3456, 12.35],
  [999.96, 1_000],
  [123_456.7, 123_457],
  [-0.000123456, -0.0001235],
  [0, 0],
])("%d is printed as %d", (value, printed) => {
  expect(figureLine(place, "dispatch", "ms", [value]).median).toBeCloseTo(printed, 10);
});
