import { DispatchError } from "@org/dispatch-core";
import { checkKind, checkKnown, checkWhole } from "@org/dispatch-core/adapter-kit";
import { LEVELS, type Level } from "./case.ts";
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

const KEYS = [
  ...["backend", "name", "levels", "skip", "slackMs", "timeoutMs", "concurrency", "versions", "report", "onCase"],
  ...["restart", "spawnWorker", "proxy", "outageMs"],
];
const DAY_MS = 86_400_000;

/** Refuses options that would be taken for none: a level that there is not has no case, and a green run of nothing looks like one of everything. */
export function checkOptions(options: ConformanceOptions): void {
  checkKnown("conformance", options, KEYS);
  checkKind("backend", options.backend, "function");
  const { levels = LEVELS, slackMs = 0, timeoutMs = 1, concurrency = 1, outageMs = 0 } = options;
  for (const level of levels)
    if (!LEVELS.includes(level)) throw invalid(`the level ${String(level)} is none of ${LEVELS.join(", ")}`);
  checkWhole("slackMs", slackMs, 0, DAY_MS);
  checkWhole("timeoutMs", timeoutMs, 1, DAY_MS);
  checkWhole("concurrency", concurrency, 1, 1_000);
  checkWhole("outageMs", outageMs, 0, DAY_MS);
  for (const hook of ["restart", "spawnWorker", "proxy"] as const)
    if (options[hook] !== undefined) checkKind(hook, options[hook], "function");
}

/** For whoever reads it in the output of a test runner. */
export function invalid(message: string): DispatchError {
  return new DispatchError("CONFIG_INVALID", `conformance: ${message}`);
}
