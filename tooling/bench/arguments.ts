/** The words behind `./dev bench`. */
import { parseArgs } from "node:util";

export interface Arguments {
  /** Which benchmark. */
  readonly name: string;
  readonly size: "full" | "quick";
  /** Where the lines go as well as to standard output. */
  readonly out: string | undefined;
}

/** How it is called. */
export const USAGE = "usage: ./dev bench NAME [--quick] [--out FILE]";

/** Throws an Error with what is wrong, for people. `known`: the benchmarks that there are. */
export function readArguments(argv: readonly string[], known: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { quick: { type: "boolean", default: false }, out: { type: "string" } },
  });
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0) throw new Error(USAGE);
  if (!known.includes(name)) throw new Error(`there is no benchmark called ${name}, there are: ${known.join(", ")}`);
  return { name, size: values.quick ? "quick" : "full", out: values.out };
}
