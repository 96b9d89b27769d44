import type { Result, Summary } from "@org/dispatch-core/contract";
import { oneLine } from "./failure.ts";
import { countText, durationText, rateText } from "./figures.ts";
import { type StopCause, Thrown } from "./signals.ts";

/** Why a run ended before its input did, or before its tasks did. */
export interface Interruption {
  readonly cause: StopCause;
  /** Was the input read to its end by then? */
  readonly inputEnded: boolean;
}

/** Counts why tasks did not complete, and keeps the first of them as an example. */
export class Reasons {
  readonly #counts = new Map<string, number>();
  #first: Result | undefined;

  note(result: Result): void {
    if (result.outcome === "completed") return;
    const code = result.error?.code ?? result.outcome;
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    this.#first ??= result;
  }

  /** For people; empty where all completed. */
  lines(): string[] {
    if (this.#first === undefined) return [];
    const counts = [...this.#counts].map(([code, count]) => `${code} ${countText(count)}`).join(", ");
    const { index, error } = this.#first;
    return [
      `not completed: ${counts}; the first: input ${index}${error === undefined ? "" : `, ${oneLine(error.message)}`}`,
    ];
  }
}

/** The summary for people, without an error line of its own. */
export function summaryText(summary: Summary, reasons: Reasons, interruption: Interruption | undefined): string {
  const { total, completed, dead, expired, cancelled, durationMs, tasksPerSecond } = summary;
  const outcomes = { completed, dead, expired, cancelled };
  const extras = {
    retried: summary.retried,
    lost: summary.lost,
    fenced: summary.fenced,
    duplicates: summary.duplicates,
    resent: summary.resent,
    orphans: summary.orphans,
  };
  const happened = Object.entries(extras).filter(([, count]) => count > 0);
  const lines = [
    `${countText(total)} ${total === 1 ? "task" : "tasks"} in ${durationText(durationMs)} (${rateText(tasksPerSecond)}): ${listText(Object.entries(outcomes))}`,
    ...reasons.lines(),
    ...(happened.length > 0 ? [listText(happened)] : []),
    ...(interruption === undefined ? [] : [interruptionText(interruption, cancelled)]),
  ];
  return lines.join("\n");
}

function interruptionText({ cause, inputEnded }: Interruption, cancelled: number): string {
  const input = inputEnded ? "the input was read to its end" : "the input was not read to its end";
  const by = cause instanceof Thrown ? "what was thrown outside of any task" : cause;
  return `stopped by ${by}: ${cancelled === 0 ? "no task" : countText(cancelled)} left undone, ${input}`;
}

function listText(counts: readonly (readonly [string, number])[]): string {
  return counts.map(([name, count]) => `${name} ${countText(count)}`).join(", ");
}
