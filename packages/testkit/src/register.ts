import type { Case, Level } from "./case.ts";
import { cases } from "./cases.ts";
import { leftOut, runCase } from "./run-case.ts";
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
  /** How long one case may take, in ms of the machine's time; default 60,000. */
  readonly timeoutMs?: number;
}

/** As much of a test runner as the suite needs: vitest and node:test have it. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, options: { readonly timeout: number; readonly skip: boolean }, body: () => Promise<void>): unknown;
}

/** The cases that apply to a profile, and those that are left out, each with the fact, or the absent hook, that does. */
export function select(options: ConformanceOptions): {
  readonly applying: readonly Case[];
  readonly out: ReadonlyMap<Case, string>;
} {
  const { profile } = options.backend("facts");
  const levels = options.levels ?? ["seam", "system"];
  const applying: Case[] = [];
  const out = new Map<Case, string>();
  for (const one of cases) {
    if (!levels.includes(one.level)) continue;
    const fact = leftOut(one, profile, options);
    if (fact === undefined) applying.push(one);
    else out.set(one, fact);
  }
  return { applying, out };
}

/** Registers every case that applies as a test of its own. Throws for a skip of a case that there is not. */
export function register(options: ConformanceOptions, runner: TestRunner): void {
  const { applying } = select(options);
  const { name, skip = [], timeoutMs: timeout = 60_000 } = options;
  for (const { id } of skip) if (!cases.some((one) => one.id === id)) throw new Error(`there is no case ${id} to skip`);
  runner.describe(name ?? `conformance of ${options.backend("facts").name}`, () => {
    for (const one of applying) {
      const skipped = skip.find(({ id }) => id === one.id);
      const title = skipped === undefined ? one.id : `${one.id} (skipped: ${skipped.reason}, ${skipped.issue})`;
      runner.it(title, { timeout, skip: skipped !== undefined }, () => runCase(one, options));
    }
  });
}
