import { CaseRecorder } from "./case-recorder.ts";
import type { ConformanceOptions } from "./options.ts";
import { batchesOf, planConformance } from "./plan.ts";
import { type CaseReport, type ConformanceReport, writeReport } from "./report.ts";

export interface RunOptions extends ConformanceOptions {
  /** Is told each case as it ends; those that do not run come first. */
  readonly onCase?: (report: CaseReport) => void;
}

/**
 * The conformance suite without a test runner. Answers the report; a case that fails is in it, and throws nothing. Writes a file only where `report` names
 * one. Throws for wrong options, and what the factory throws.
 */
export async function runConformance(options: RunOptions): Promise<ConformanceReport> {
  const plan = planConformance(options);
  const recorder = new CaseRecorder(plan, options);
  for (const one of plan.notRunning) options.onCase?.(one);
  for (const { cases, concurrency } of batchesOf(plan)) {
    const waiting = [...cases];
    const runNext = async (): Promise<void> => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
        // What broke is in the report.
        await recorder.run(one).catch(() => {});
        const report = recorder.of(one);
        if (report !== undefined) options.onCase?.(report);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, runNext));
  }
  const report = recorder.report();
  if (typeof options.report === "string") await writeReport(report, options.report);
  return report;
}
