/** The words behind `./dev test` and `./dev check`, which is `--gates`. */
import { parseArgs } from "node:util";

const USAGE = {
  test: `usage: ./dev test [--full | --nodes] [PATTERN…]
  PATTERN  only the tests of the files whose path holds one of them; without any, every check and every test
  --full   also what takes long: every version and form of the brokers, long outages, large walks
  --nodes  also many seeds of the simulation, and the unit tests under the other Node versions`,
  check: "usage: ./dev check: format, lint, types, packages, import boundaries, unused code and sizes; no test",
} as const;

const options = { full: { type: "boolean" }, gates: { type: "boolean" }, nodes: { type: "boolean" } } as const;

export interface Arguments {
  /** The checks alone. */
  readonly gates: boolean;
  readonly full: boolean;
  readonly nodes: boolean;
  readonly patterns: readonly string[];
}

/** How the command is called that these are the arguments of. */
export function usageOf(argv: readonly string[]): string {
  return argv.includes("--gates") ? USAGE.check : USAGE.test;
}

/** Throws an Error with what is wrong, for people. */
export function readArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options });
  const { gates = false, full = false, nodes = false } = values;
  if (gates && (full || nodes || positionals.length > 0)) throw new Error("check takes no patterns and no options");
  return { gates, full, nodes, patterns: positionals };
}
