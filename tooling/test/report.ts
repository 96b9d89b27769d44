/** Reads the counts of a vitest run from the file of its JSON reporter. */
import type { Tally } from "./tally.ts";

/** What is read of a report: a subset of vitest's own `JsonTestResults`. */
export interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** A tally, and a sentence for each failure that no test of the run stands for. */
export interface Reading {
  readonly tally: Tally;
  readonly complaints: readonly string[];
}

/** Nothing that must not be said was said. */
const NONE = { count: 0, lines: [] } as const;

/**
 * Counts a run by its report (`undefined`: it wrote none), its exit code, what it `left` in its temporary folder, and what it `said` that nobody should.
 * A run that broke without a failed test still counts as one failure.
 */
export function readReport(
  report: Report | undefined,
  exitCode: number,
  left: readonly string[] = [],
  said: { readonly count: number; readonly lines: readonly string[] } = NONE,
): Reading {
  if (report === undefined) return broken(`vitest ended with exit code ${exitCode} and wrote no report`);
  const complaints = report.testResults
    .filter((file) => file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"))
    .map((file) => `${file.name} failed outside of its tests`);
  if (report.numPassedTests + report.numFailedTests === 0) complaints.push("no test ran");
  if (exitCode !== 0 && report.numFailedTests + complaints.length === 0) {
    complaints.push(`vitest ended with exit code ${exitCode} although no test failed (an unhandled error?)`);
  }
  if (left.length > 0) complaints.push(`left behind in the temporary folder: ${left.toSorted().join(", ")}`);
  if (said.count > 0)
    complaints.push(`a secret or a payload was said in ${said.count} lines: ${said.lines.join("\n")}`);
  const skipped = report.numPendingTests + report.numTodoTests;
  return {
    tally: { passed: report.numPassedTests, failed: report.numFailedTests + complaints.length, skipped },
    complaints,
  };
}

const broken = (complaint: string): Reading => ({
  tally: { passed: 0, failed: 1, skipped: 0 },
  complaints: [complaint],
});
