/** What a cell comes to in numbers. */
import type { Summary } from "../../packages/core/dist/contract.js";
import { quantile } from "../bench/statistics.ts";
import type { TallyCounters } from "./tally.ts";

/** Seconds; null where there was nothing to measure. */
export interface Seconds {
  readonly count: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

export interface Counters extends TallyCounters {
  readonly attempted: number;
  /** Runs of handlers beyond the first of each task; what a process did not get to say before it was killed is not in it. */
  readonly duplicateExecutions: number;
  /** Of the summaries of the runs: results of a stale line of copies, and of tasks that had their outcome. */
  readonly fenced: number;
  readonly duplicates: number;
  /** Crashes and expired leases, summed over the tasks. */
  readonly losses: number;
  readonly retried: number;
  readonly resent: number;
  /** By how much the books of the runs differ from what was counted here. */
  readonly misbooked: number;
  readonly strikes: number;
  /** Strikes that found tasks under way. */
  readonly strikesAtWork: number;
  readonly zombieRounds: number;
  readonly recoverySeconds: Seconds;
  /** How long it took until a half-open connection was noticed. */
  readonly noticedSeconds: Seconds;
  readonly runSeconds: number;
  readonly tasksPerSecond: number;
}

export function secondsOf(ms: readonly number[]): Seconds {
  if (ms.length === 0) return { count: 0, p50: null, p99: null, max: null };
  const at = (share: number) => Math.round(quantile(ms, share)) / 1_000;
  return { count: ms.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

type Booked = Pick<Summary, "total" | "completed" | "dead" | "expired" | "cancelled">;

/** How many tasks the books of the runs have that were not there, or lack; the same for their outcomes. */
export function misbookedOf(
  summaries: readonly Booked[],
  tasks: number,
  { completed, dead }: Pick<TallyCounters, "completed" | "dead">,
): number {
  const sum = (pick: (summary: Booked) => number) => summaries.reduce((all, one) => all + pick(one), 0);
  const outcomes = sum((one) => one.completed + one.dead + one.expired + one.cancelled);
  const differences = [
    sum((one) => one.total) - tasks,
    outcomes - tasks,
    sum((one) => one.completed) - completed,
    sum((one) => one.dead) - dead,
  ];
  return differences.reduce((all, one) => all + Math.abs(one), 0);
}
