import { parseArgs } from "node:util";

/** How it is called. */
export const USAGE =
  "usage: ./dev simulate --seeds N [--seed S]: N seeds from S (default 1) on; --seed S alone: that one";

/** Which seeds to run. */
export interface Arguments {
  readonly first: number;
  readonly count: number;
}

/** Throws an Error with a sentence for who typed them. */
export function readArguments(argv: readonly string[]): Arguments {
  const { values } = parseArgs({ args: [...argv], options: { seeds: { type: "string" }, seed: { type: "string" } } });
  if (values.seeds === undefined && values.seed === undefined) throw new Error(USAGE);
  return { first: whole("--seed", values.seed ?? "1", 0), count: whole("--seeds", values.seeds ?? "1", 1) };
}

function whole(name: string, text: string, least: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least))
    throw new Error(`${name} is ${JSON.stringify(text)}, a whole number from ${least} on is wanted`);
  return value;
}
