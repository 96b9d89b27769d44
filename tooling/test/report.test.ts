import { expect, test } from "vitest";
import { type Report, readReport } from "./report.ts";
import { closingLine, sum } from "./tally.ts";

const report = (changes: Partial<Report>): Report => ({
  numPassedTests: 3,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...changes,
});
const crashedFile = { name: "a.test.ts", status: "failed", assertionResults: [] };
const failedFile = {
  name: "a.test.ts",
  status: "failed",
  assertionResults: [
    { status: "failed", fullName: "adds up", failureMessages: ["Error: 3 is not 4\n    at a.test.ts:1"] },
  ],
};

test.each([
  ["all held", report({}), 0, "3 passed, 0 failed"],
  ["some were left out", report({ numPendingTests: 1, numTodoTests: 1 }), 0, "3 passed, 0 failed, 2 skipped"],
  ["one failed", report({ testResults: [failedFile] }), 1, "3 passed, 1 failed"],
  ["a file failed outside of its tests", report({ testResults: [crashedFile] }), 1, "3 passed, 1 failed"],
  ["an unhandled error", report({}), 1, "3 passed, 1 failed"],
  ["no test at all", report({ numPassedTests: 0 }), 0, "0 passed, 1 failed"],
  ["only skipped tests", report({ numPassedTests: 0, numPendingTests: 2 }), 0, "0 passed, 1 failed, 2 skipped"],
  ["no report", undefined, 134, "0 passed, 1 failed"],
  ["no report although all seems well", undefined, 0, "0 passed, 1 failed"],
])("counts a run: %s", (_, given, exitCode, line) => {
  expect(closingLine(readReport(given, exitCode))).toBe(line);
});

test("names what failed, with the first line of why", () => {
  expect(readReport(report({ testResults: [crashedFile, failedFile] }), 1).failures).toEqual([
    "a.test.ts failed outside of its tests",
    "a.test.ts › adds up › Error: 3 is not 4",
  ]);
});

test("sums over all", () => {
  const tally = { passed: 2, failures: ["a"], skipped: 3 };
  expect(closingLine(sum([tally, tally]))).toBe("4 passed, 2 failed, 6 skipped");
  expect(closingLine(sum([]))).toBe("0 passed, 0 failed");
});
