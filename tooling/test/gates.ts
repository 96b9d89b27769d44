/** The checks of the whole tree that are not vitest's: each is one command, and counts as one test. */
import { run } from "../command.ts";
import type { Tally } from "./tally.ts";

interface Gate {
  readonly name: string;
  readonly argv: readonly string[];
}

const turbo = (task: string): readonly string[] => ["turbo", "run", task, "--output-logs=errors-only"];

/** In the order in which they run: what other gates need first. */
const gates: readonly Gate[] = [
  { name: "build", argv: turbo("build") },
  { name: "format and lint", argv: ["biome", "check", "--error-on-warnings", "."] },
  { name: "types of the packages", argv: turbo("typecheck") },
  { name: "types of the tooling", argv: ["tsc", "-p", "tooling"] },
  { name: "packages as published", argv: turbo("pkg-check") },
  { name: "import boundaries", argv: ["depcruise", "packages", "examples", "tooling", "--output-type", "err"] },
  { name: "unused code and dependencies", argv: ["knip"] },
  { name: "size of core", argv: ["size-limit"] },
];

/** Runs every gate, one after the other, and prints a line for each; what a failed one said follows its line. */
export async function runGates(): Promise<readonly Tally[]> {
  const tallies: Tally[] = [];
  for (const { name, argv } of gates) {
    const begun = performance.now();
    const { code, output } = await run(argv, { env: { CI: "true" } });
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    console.log(`${code === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
    if (code !== 0) console.log(`${argv.join(" ")}\n${output}`);
    tallies.push({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 });
  }
  return tallies;
}
