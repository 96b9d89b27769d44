/** How many checks held, what the others are, and the line that says so. */
export interface Tally {
  readonly passed: number;
  /** One for each check that failed: its name, and the first line of why. */
  readonly failures: readonly string[];
  readonly skipped: number;
}

/** The sum of all `tallies`. */
export const sum = (tallies: readonly Tally[]): Tally => ({
  passed: tallies.reduce((total, tally) => total + tally.passed, 0),
  failures: tallies.flatMap(({ failures }) => failures),
  skipped: tallies.reduce((total, tally) => total + tally.skipped, 0),
});

/** The closing line of a test run: `N passed, N failed`, and `, N skipped` where there are any. */
export const closingLine = ({ passed, failures, skipped }: Tally): string =>
  `${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
