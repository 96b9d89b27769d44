import { checkBackend } from "@org/dispatch-core/adapter-kit";
import type { Profile } from "@org/dispatch-core/contract";
import type { Case, Level } from "./case.ts";
import { cases } from "./cases.ts";
import { type CaseReport, caseReport } from "./report.ts";
import { leftOut } from "./run-case.ts";
import type { Hooks } from "./world/hooks.ts";
import type { BackendFactory } from "./world/world.ts";

/** A case that a backend is known to fail. It is printed, with all three. */
export interface Skip {
  readonly id: string;
  readonly reason: string;
  readonly issue: string;
}

export interface ConformanceOptions extends Hooks {
  /** Makes a backend that is not open yet; two of the same namespace see the same queues, where the profile's reach is `network`. */
  readonly backend: BackendFactory;
  /** For the report; default: the backend's own. */
  readonly name?: string;
  /** Default: `seam` and `system`. */
  readonly levels?: readonly Level[];
  readonly skip?: readonly Skip[];
  /** What may be late without being wrong, because of the machine or the network; default 5 ms on the virtual clock, 2,000 ms on the machine's. */
  readonly slackMs?: number;
  /** How long one case may take, in ms of the machine's time; default 180,000. */
  readonly timeoutMs?: number;
  /** How many cases run side by side, each in its namespace; default 8 on the machine's clock, where they mostly wait, 1 on the virtual one. */
  readonly concurrency?: number;
  /** Added to the report's versions: of the backend, the client, the broker. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Where the report goes; default `.reports/conformance/NAME.json` in the working folder; false: nowhere. */
  readonly report?: string | false;
}

/** How long one case may take where nothing else is said. */
export const CASE_MS = 180_000;

/** What is to be done for a backend: the cases that run, and the reports of those that do not, with why. */
export interface ConformancePlan {
  readonly name: string;
  readonly profile: Profile;
  readonly levels: readonly Level[];
  readonly running: readonly Case[];
  readonly notRunning: readonly CaseReport[];
  readonly concurrency: number;
}

/** Throws for a backend of another contract or with a profile that none can have, and for a skip of a case that there is not, or without a reason and an issue. */
export function planConformance(options: ConformanceOptions): ConformancePlan {
  const { skip = [], levels = ["seam", "system"] } = options;
  const facts = options.backend("facts");
  checkBackend(facts);
  const { profile } = facts;
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
  if (!cases.some((one) => one.id === id)) throw new Error(`there is no case ${id} to skip`);
  if (!reason || !issue) throw new Error(`a skip says why, and names an issue: ${id} lacks one`);
}
