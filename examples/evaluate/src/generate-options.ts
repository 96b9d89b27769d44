import { parseArgs } from "node:util";
import { folders } from "./corpus.ts";
import { type InputOptions, type Kind, kinds } from "./inputs.ts";

export const usage =
  "usage: node generate.ts [--repeat N] [--slow-ms N] [--folder NAME]... [--kind parse|relation|all]\n" +
  `  --repeat N     the whole list N times (1)\n` +
  `  --slow-ms N    every task waits N ms before it parses (0)\n` +
  `  --folder NAME  only this folder; may be given again (${folders.join(", ")})\n` +
  `  --kind KIND    for the task of that name (parse); all: both, one after the other\n`;

/** What is wrong with the arguments, in one line for the person who typed them. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export interface GenerateOptions extends InputOptions {
  readonly kind: Kind;
  readonly help: boolean;
}

const MAX_REPEAT = 1_000_000;
const MAX_SLOW_MS = 3_600_000;

/** Reads the arguments of generate.ts. Throws a `UsageError`, nothing else. */
export function readGenerateOptions(argv: readonly string[]): GenerateOptions {
  const { values } = parsed(argv);
  const chosen = (values.folder ?? folders).map((name) => oneOf("--folder", name, folders));
  const kind = oneOf("--kind", values.kind ?? "parse", kinds);
  if (kind === "relation" && !chosen.includes("pass")) {
    throw new UsageError("--kind relation starts from the files of pass: leave --folder out, or name pass too");
  }
  return {
    kind,
    folders: chosen,
    repeat: wholeNumber("--repeat", values.repeat ?? "1", 1, MAX_REPEAT),
    slowMs: wholeNumber("--slow-ms", values["slow-ms"] ?? "0", 0, MAX_SLOW_MS),
    help: values.help ?? false,
  };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        repeat: { type: "string" },
        "slow-ms": { type: "string" },
        folder: { type: "string", multiple: true },
        kind: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    // Node adds advice after the first sentence, over several lines at times; the first says it all.
    const [sentence = "wrong arguments"] = String(error instanceof Error ? error.message : error).split(/\. |\n/);
    throw new UsageError(sentence);
  }
}

function oneOf<const T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new UsageError(`${option} ${value}: not one of ${allowed.join(", ")}`);
  return found;
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${option} ${text}: not a whole number from ${least} to ${most}`);
}
