/** The words behind `./dev prove`. */
import { parseArgs } from "node:util";
import type { Subject } from "../conformance/subjects.ts";
import { FAULTS, type Fault, faultTexts } from "./faults.ts";

export interface Arguments {
  readonly names: readonly string[];
  readonly faults: readonly Fault[];
  readonly short: boolean;
  readonly resume: boolean;
  readonly seed: string;
}

/** How it is called. */
const USAGE =
  "usage: ./dev prove --backend NAME|all [--short] [--resume] [--fault FAULT]… [--seed TEXT]: the fault cells with their counters";

/** The brokers of `all`: one of each kind. */
const ALL = ["redis", "sqs", "rabbitmq", "kafka"];

export function help(known: readonly string[]): string {
  const faults = FAULTS.map((fault) => `  ${fault.padEnd(11)}${faultTexts[fault]}`);
  return [
    USAGE,
    `NAME: ${known.join(", ")}; all: ${ALL.join(", ")}`,
    "--short: 5,000 tasks a cell instead of 100,000, in minutes instead of an hour",
    "--resume: skips the cells that have held already at this commit and size",
    "--fault: these cells only; default: all of them",
    "--seed: the same lots and times again; default: prove",
    "FAULT:",
    ...faults,
    "A line a cell on standard error, a table on standard output, the report in .reports/prove/NAME@VERSION.json after each cell.",
    "Exit codes: 0 all goals held · 1 one did not · 2 wrong usage · 130 SIGINT · 143 SIGTERM · 129 SIGHUP",
  ].join("\n");
}

/** Throws an Error with what is wrong, for people. `known`: the backends that there are. */
export function readArguments(argv: readonly string[], known: Readonly<Record<string, Subject>>): Arguments {
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      backend: { type: "string", multiple: true },
      short: flag,
      resume: flag,
      fault: { type: "string", multiple: true },
      seed: { type: "string", default: "prove" },
    },
  });
  const { backend, short, resume, fault, seed } = values;
  if (backend === undefined) throw new Error(USAGE);
  const names = [...new Set(backend.flatMap((name) => (name === "all" ? ALL : [name])))];
  for (const name of names)
    if (!Object.hasOwn(known, name))
      throw new Error(`there is no backend ${name}, there are: ${Object.keys(known).join(", ")}, all`);
  const faults = fault?.map((text) => FAULTS.find((each) => each === text) ?? unknownFault(text)) ?? FAULTS;
  return { names, faults, short, resume, seed };
}

function unknownFault(text: string): never {
  throw new Error(`--fault takes one of ${FAULTS.join(", ")}, not "${text}"`);
}
