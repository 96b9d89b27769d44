import type { Case } from "./case.ts";
import { CaseRecorder } from "./case-recorder.ts";
import { cases } from "./cases.ts";
import { CASE_MS, type ConformanceOptions } from "./options.ts";
import { batchesOf, planConformance } from "./plan.ts";
import { writeReport } from "./report.ts";
import { caseLine } from "./report-text.ts";

/** As much of a test runner as the suite needs: vitest and node:test have it. */
export interface TestRunner {
  /** `concurrency`: how many of its tests may run side by side; a runner may do less. */
  describe(name: string, body: () => void, concurrency: number): unknown;
  it(name: string, options: { readonly timeout: number; readonly skip: boolean }, body: () => Promise<void>): unknown;
  /** Runs `body` after the tests of the group; without it no report is written. */
  after?(body: () => Promise<void>): unknown;
}

/** The cases that apply to a profile, and those that it leaves out, each with the fact that does. */
export function select(options: ConformanceOptions): {
  readonly applying: readonly Case[];
  readonly out: ReadonlyMap<Case, string>;
} {
  const { notRunning, levels } = planConformance(options);
  const facts = new Map(notRunning.flatMap(({ id, fact }) => (fact === undefined ? [] : [[id, fact] as const])));
  const applying: Case[] = [];
  const out = new Map<Case, string>();
  for (const one of cases) {
    if (!levels.includes(one.level)) continue;
    const fact = facts.get(one.id);
    if (fact === undefined) applying.push(one);
    else out.set(one, fact);
  }
  return { applying, out };
}

/**
 * Registers every case that applies as a test of its own, and writes the report after them. Throws for a skip of a case that there is not, or without a
 * reason and an issue.
 */
export function register(options: ConformanceOptions, runner: TestRunner): void {
  const plan = planConformance(options);
  const recorder = new CaseRecorder(plan, options);
  const timeoutMs = options.timeoutMs ?? CASE_MS;
  const { report: file = `.reports/conformance/${plan.name.replace(/[^\w.-]+/g, "-")}.json` } = options;
  const title = options.name ?? `conformance of ${plan.name}`;
  // The case's own bound comes first, and says more than the runner's.
  const timeout = timeoutMs + 5_000;
  const batches = batchesOf(plan).filter(({ cases: some }) => some.length > 0);
  const runAll = (some: readonly Case[]) => {
    for (const one of some) runner.it(one.id, { timeout, skip: false }, () => recorder.run(one));
  };
  const body = () => {
    if (batches.every(({ concurrency }) => concurrency === 1)) for (const batch of batches) runAll(batch.cases);
    else
      for (const { title, cases: some, concurrency } of batches)
        runner.describe(title, () => runAll(some), concurrency);
    for (const one of plan.notRunning) {
      if (one.status !== "skipped") continue;
      const name = `${one.id} (skipped: ${one.reason}, ${one.issue})`;
      runner.it(name, { timeout, skip: true }, () => Promise.reject(new Error(caseLine(one))));
    }
    if (file !== false) runner.after?.(() => writeReport(recorder.report(), file));
  };
  runner.describe(title, body, 1);
}
