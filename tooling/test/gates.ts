/** The checks of the whole tree that are not vitest's: each is one command, and counts as one test. */
import { run } from "../command.ts";
import { root } from "../tree.ts";
import type { Tally } from "./tally.ts";

export interface Gate {
  readonly name: string;
  readonly argv: readonly string[];
}

const turbo = (task: string): readonly string[] => ["turbo", "run", task, "--output-logs=errors-only"];

/** What every test needs first; through ./dev, so that it knows of it and does not build again beside the tests. */
export const build: Gate = { name: "build", argv: [`${root}/dev`, "setup"] };

/** The others, in the order in which they run. */
export const gates: readonly Gate[] = [
  { name: "format and lint", argv: ["biome", "check", "--error-on-warnings", "."] },
  { name: "types of the packages", argv: turbo("typecheck") },
  { name: "types of the tooling", argv: ["tsc", "-p", "tooling"] },
  { name: "packages as published", argv: turbo("pkg-check") },
  { name: "import boundaries", argv: ["depcruise", "packages", "examples", "tooling", "--output-type", "err"] },
  { name: "unused code and dependencies", argv: ["knip"] },
  { name: "size of core", argv: ["size-limit"] },
];

/** More of the simulation than the tests run. */
export const manySeeds: Gate = {
  name: "simulation of 2,000 seeds",
  argv: [`${root}/dev`, "simulate", "--seeds", "2000"],
};

/** Runs a gate, and says in one line how it went; what a failed one had to say follows. */
export async function runGate({ name, argv }: Gate, say: (text: string) => void = console.log): Promise<Tally> {
  const begun = performance.now();
  const { code, output } = await run(argv, { env: { CI: "true" } });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  say(`${code === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (code !== 0) say(`${argv.join(" ")}\n${output}`);
  return code === 0
    ? { passed: 1, failures: [], skipped: 0 }
    : { passed: 0, failures: [`${name}: ended with ${code}`], skipped: 0 };
}
