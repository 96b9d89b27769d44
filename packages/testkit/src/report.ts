import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Profile } from "@org/dispatch-core/contract";
import type { Case, InvariantId, Level } from "./case.ts";

/** How one case ended. */
export type CaseStatus = "passed" | "failed" | "left-out" | "skipped";

/** One case of a report. */
export interface CaseReport {
  readonly id: string;
  readonly level: Level;
  readonly cites: readonly InvariantId[];
  readonly status: CaseStatus;
  /** How long it took, in ms of the machine's time; 0 where it did not run. */
  readonly durationMs: number;
  /** The fact of the profile that left it out. */
  readonly fact?: string;
  /** Why it was skipped, and where that is written down. */
  readonly reason?: string;
  readonly issue?: string;
  /** What broke, and what was expected of the backend. */
  readonly error?: string;
}

/** What a run of the suite writes: `conformance.json`. Fields are only added. */
export interface ConformanceReport {
  readonly format: 1;
  /** The backend's name, or the one that the caller gave. */
  readonly backend: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly profile: Profile;
  readonly levels: readonly Level[];
  /** When it began, ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly totals: Readonly<Record<CaseStatus, number>>;
  /** Did every case run that applies and is not skipped? False where the test runner was told to run some only. */
  readonly isComplete: boolean;
  readonly cases: readonly CaseReport[];
}

/** How many cases ended in each way. */
export function totalsOf(cases: readonly CaseReport[]): Record<CaseStatus, number> {
  const totals: Record<CaseStatus, number> = { passed: 0, failed: 0, "left-out": 0, skipped: 0 };
  for (const { status } of cases) totals[status] += 1;
  return totals;
}

/** The report of one case. */
export function caseReport({ id, level, cites }: Case, status: CaseStatus, more: Partial<CaseReport> = {}): CaseReport {
  return { id, level, cites, status, durationMs: 0, ...more };
}

/** Writes a report as JSON, with the folders that it needs. Throws the system's error. */
export async function writeReport(report: ConformanceReport, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
}
