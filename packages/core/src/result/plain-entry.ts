import type { ResultEntry } from "../contract/index.ts";

/** A plain result in full. */
export function plainEntry(run: string, index: number, durationMs: number, value: unknown): ResultEntry {
  return { run, index, outcome: "completed", value, round: 0, attempts: 1, copy: 0, lost: 0, durationMs };
}
