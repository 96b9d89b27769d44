import { checkBackend } from "@org/dispatch-core/adapter-kit";
import type { Profile } from "@org/dispatch-core/contract";
import type { Case, Level } from "./case.ts";
import { cases } from "./cases.ts";
import { type ConformanceOptions, checkOptions, invalid, type Skip } from "./options.ts";
import { type CaseReport, caseReport } from "./report.ts";
import { leftOut } from "./run-case.ts";

/** What is to be done for a backend: the cases that run, and the reports of those that do not, with why. */
export interface ConformancePlan {
  readonly name: string;
  readonly profile: Profile;
  readonly levels: readonly Level[];
  readonly running: readonly Case[];
  readonly notRunning: readonly CaseReport[];
  readonly concurrency: number;
}

/**
 * Throws CONFIG_INVALID for options that there are not, for a backend of another contract or with a profile that none can have, for a skip of a case that there
 * is not, or without a reason and an issue, and where no case would run: what tests nothing must not look as if all held.
 */
export function planConformance(options: ConformanceOptions): ConformancePlan {
  checkOptions(options);
  const { skip = [], levels = ["seam", "system"] } = options;
  const facts = options.backend("facts");
  checkBackend(facts);
  const { profile } = facts;
  for (const verb of profile.verbs)
    if (typeof facts[verb] !== "function") throw invalid(`verbs names ${verb}, which is no method of the backend`);
  for (const one of skip) checkSkip(one);
  const running: Case[] = [];
  const notRunning: CaseReport[] = [];
  for (const one of cases) {
    if (!levels.includes(one.level)) continue;
    const fact = leftOut(one, profile, options);
    const skipped = skip.find(({ id }) => id === one.id);
    if (fact !== undefined) notRunning.push(caseReport(one, "left-out", { fact }));
    else if (skipped !== undefined) notRunning.push(caseReport(one, "skipped", skipped));
    else running.push(one);
  }
  if (running.length === 0) throw invalid("no case is left to run");
  const { name = facts.name, concurrency = profile.reach === "process" ? 1 : 8 } = options;
  return { name, profile, levels, running, notRunning, concurrency };
}

/** The cases that may run beside each other, then those that may not: who stops the broker stops it for all, and who takes the whole machine, too. */
export function batchesOf({ running, concurrency }: ConformancePlan): readonly {
  readonly title: string;
  readonly cases: readonly Case[];
  readonly concurrency: number;
}[] {
  const disturbs = ({ needs, isAlone }: Case) => needs === "restart" || isAlone === true;
  const beside = running.filter((one) => !disturbs(one));
  const isLong = ({ isLong }: Case) => concurrency > 1 && isLong === true;
  return [
    {
      title: "side by side",
      cases: [...beside.filter(isLong), ...beside.filter((one) => !isLong(one))],
      concurrency,
    },
    { title: "alone", cases: running.filter(disturbs), concurrency: 1 },
  ];
}

function checkSkip({ id, reason, issue }: Skip): void {
  if (!cases.some((one) => one.id === id)) throw invalid(`there is no case ${id} to skip`);
  if (!reason || !issue) throw invalid(`a skip says why, and names an issue: ${id} lacks one`);
}
