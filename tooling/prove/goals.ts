/** What a cell has to come to: pure. */
import type { Profile } from "../../packages/core/dist/contract.js";
import type { Counters, Seconds } from "./counters.ts";
import type { CellPlan } from "./faults.ts";

/** A goal, and whether it was reached. */
export interface Verdict {
  /** In words, with its number. */
  readonly goal: string;
  /** What it came to; null: there was nothing to measure, which reaches no goal. */
  readonly value: number | null;
  readonly held: boolean;
}

export interface GoalFacts {
  readonly plan: CellPlan;
  readonly leaseMs: number;
  readonly profile: Profile;
}

/** The verdict on each goal of a cell. */
export function judge(counters: Counters, facts: GoalFacts): Verdict[] {
  return [...ofTasks(counters, facts), ...ofFault(counters, facts)];
}

function ofTasks(counters: Counters, { plan }: GoalFacts): Verdict[] {
  return [
    atLeast("acknowledged tasks", counters.acknowledged, plan.tasks),
    none("lost tasks", counters.lost),
    // No handler fails here: who is dead was taken for poison, or for one that never came back.
    none("dead tasks", counters.dead),
    none("unexpected results", counters.unexpected),
    none("accepted double completions", counters.doubled),
    none("differences between the books of the run and what was counted", counters.misbooked),
  ];
}

function ofFault(counters: Counters, { plan, leaseMs, profile }: GoalFacts): Verdict[] {
  const { strikes, strikesAtWork, zombieRounds, recoverySeconds, noticedSeconds } = counters;
  const struck = plan.strikes === 0 ? [] : [atLeast("strikes at work", Math.min(strikes, strikesAtWork), plan.strikes)];
  switch (plan.fault) {
    case "kill":
      return [...struck, within("redelivery after SIGKILL, p99", recoverySeconds, leaseMs / 1_000 + 1)];
    case "zombie":
      return [...struck, atLeast("zombie rounds", zombieRounds, plan.zombieRounds)];
    case "none":
    case "latency":
      return struck;
    default: {
      const progress = within("progress after the fault, p99", recoverySeconds, profile.pollMs / 1_000 + 5);
      if (plan.fault !== "half-open") return [...struck, progress];
      const limit = Math.max(10, profile.pollMs / 1_000 + 5);
      return [...struck, progress, within("a half-open connection is noticed, p99", noticedSeconds, limit)];
    }
  }
}

function none(what: string, value: number): Verdict {
  return { goal: `${what} = 0`, value, held: value === 0 };
}

function atLeast(what: string, value: number, least: number): Verdict {
  return { goal: `${what} >= ${least}`, value, held: value >= least };
}

function within(what: string, { p99 }: Seconds, limit: number): Verdict {
  return { goal: `${what} <= ${limit} s`, value: p99, held: p99 !== null && p99 <= limit };
}
