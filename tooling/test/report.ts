/** Reads the counts of a vitest run from the file of its JSON reporter. */
import type { Tally } from "./tally.ts";

/** What is read of a report: a subset of vitest's own `JsonTestResults`. */
export interface Report {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** Nothing that must not be said was said. */
const NONE = { count: 0, lines: [] } as const;

/**
 * Counts a run by its report (`undefined`: it wrote none), its exit code, what it `left` in its temporary folder, and what it `said` that nobody should.
 * A run that broke without a failed test still counts as one failure. Names what failed, so that the end of a long output says it.
 */
export function readReport(
  report: Report | undefined,
  exitCode: number,
  left: readonly string[] = [],
  said: { readonly count: number; readonly lines: readonly string[] } = NONE,
): Tally {
  if (report === undefined) return broken(`vitest ended with exit code ${exitCode} and wrote no report`);
  const failures = report.testResults.flatMap(failuresOf);
  if (report.numPassedTests + failures.length === 0) failures.push("no test ran");
  if (exitCode !== 0 && failures.length === 0) {
    failures.push(`vitest ended with exit code ${exitCode} although no test failed (an unhandled error?)`);
  }
  if (left.length > 0) failures.push(`left behind in the temporary folder: ${left.toSorted().join(", ")}`);
  if (said.count > 0) failures.push(`a secret or a payload was said in ${said.count} lines: ${said.lines.join("\n")}`);
  return { passed: report.numPassedTests, failures, skipped: report.numPendingTests + report.numTodoTests };
}

/** The tests of a file that failed; one that failed without any stands for itself. */
function failuresOf({ name, status, assertionResults }: Report["testResults"][number]): string[] {
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (status === "failed" && failed.length === 0) return [`${name} failed outside of its tests`];
  return failed.map(({ fullName, failureMessages = [] }) =>
    [name, fullName, failureMessages.join("\n").split("\n", 1)[0]].join(" › "),
  );
}

const broken = (failure: string): Tally => ({ passed: 0, failures: [failure], skipped: 0 });
