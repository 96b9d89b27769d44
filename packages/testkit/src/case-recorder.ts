import type { Case } from "./case.ts";
import { CASE_MS, type ConformanceOptions } from "./options.ts";
import type { ConformancePlan } from "./plan.ts";
import { type CaseReport, type ConformanceReport, caseReport, totalsOf } from "./report.ts";
import { runCase } from "./run-case.ts";
import { versionsOf } from "./versions.ts";

/** Runs the cases of a plan, one by one or side by side, and keeps what becomes of each. */
export class CaseRecorder {
  readonly #options: ConformanceOptions;
  readonly #plan: ConformancePlan;
  readonly #reports = new Map<string, CaseReport>();
  readonly #startedAt = new Date();
  readonly #began = performance.now();

  constructor(plan: ConformancePlan, options: ConformanceOptions) {
    this.#plan = plan;
    this.#options = options;
    for (const one of plan.notRunning) this.#reports.set(one.id, one);
  }

  /** Runs one. Throws what broke, or that it did not end within `timeoutMs`; the report has it too. */
  async run(one: Case): Promise<void> {
    const began = performance.now();
    const took = () => Math.round(performance.now() - began);
    try {
      await within(runCase(one, this.#options), this.#options.timeoutMs ?? CASE_MS, one);
      this.#reports.set(one.id, caseReport(one, "passed", { durationMs: took() }));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#reports.set(one.id, caseReport(one, "failed", { durationMs: took(), error: text }));
      throw error;
    }
  }

  of(one: Case): CaseReport | undefined {
    return this.#reports.get(one.id);
  }

  /** What is known by now. */
  report(): ConformanceReport {
    const { name, profile, levels, running } = this.#plan;
    const reports = [...this.#reports.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return {
      format: 1,
      backend: name,
      versions: versionsOf(this.#options.versions),
      profile,
      levels,
      startedAt: this.#startedAt.toISOString(),
      durationMs: Math.round(performance.now() - this.#began),
      totals: totalsOf(reports),
      isComplete: running.every(({ id }) => this.#reports.has(id)),
      cases: reports,
    };
  }
}

async function within(run: Promise<void>, ms: number, { id, expects }: Case): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${id}: ${expects}\nthe case did not end within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([run, late]);
  } finally {
    clearTimeout(timer);
  }
}
