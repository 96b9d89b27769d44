import { expect, test } from "vitest";
import { comparisonLine, figureLine } from "./line.ts";
import { table } from "./table.ts";

test("a row a figure, with what it is compared with", () => {
  const place = { bench: "memory", case: "send" };
  const ours = { subject: "dispatch", values: [100_000, 300_000] };
  const theirs = { subject: "fastq", values: [400_000, 400_000] };
  const lines = [
    figureLine(place, ours.subject, "tasks/s", ours.values),
    figureLine(place, theirs.subject, "tasks/s", theirs.values),
    comparisonLine(place, ours, theirs, "more"),
    figureLine({ ...place, case: "memory/heap-growth/single" }, "dispatch", "MB", [0.5]),
  ];
  expect(table(lines).split("\n")).toEqual([
    "case                       subject    median  unit     from – to          better by",
    "send                       dispatch  200,000  tasks/s  100,000 – 300,000",
    "send                       fastq     400,000  tasks/s  400,000 – 400,000  dispatch is 0.5 × fastq",
    "memory/heap-growth/single  dispatch      0.5  MB",
  ]);
});
