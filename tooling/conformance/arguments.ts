/** The words behind `./dev conformance`. */
import { parseArgs } from "node:util";
import type { Level } from "../../packages/testkit/dist/index.js";
import type { Subject } from "./subjects.ts";

/** What a broker is started with; absent: its default. */
export interface ServiceOptions {
  readonly version: string | undefined;
  readonly cluster: boolean;
  readonly tls: boolean;
}

export interface Arguments extends ServiceOptions {
  readonly name: string;
  /** Absent: the suite's own default. */
  readonly levels: readonly Level[] | undefined;
  /** Where the report goes; absent: its usual place. */
  readonly out: string | undefined;
}

const LEVELS: readonly Level[] = ["seam", "system", "chaos", "stress"];
/** How it is called. */
export const USAGE = `usage: ./dev conformance NAME [--level ${LEVELS.join("|")}] [--version V] [--cluster] [--tls] [--out FILE]`;

/** Throws an Error with what is wrong, for people. `known`: the backends that there are. */
export function readArguments(argv: readonly string[], known: Readonly<Record<string, Subject>>): Arguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      level: { type: "string", multiple: true },
      version: { type: "string" },
      cluster: { type: "boolean", default: false },
      tls: { type: "boolean", default: false },
      out: { type: "string" },
    },
  });
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0) throw new Error(USAGE);
  const subject = Object.hasOwn(known, name) ? known[name] : undefined;
  if (subject === undefined)
    throw new Error(`there is no backend ${name}, there are: ${Object.keys(known).join(", ")}`);
  const { level, version, cluster, tls, out } = values;
  const asksService = version !== undefined || cluster || tls;
  if (subject.service === undefined && asksService)
    throw new Error(`${name} has no server: --version, --cluster and --tls are for brokers`);
  const levels = level?.map((text) => LEVELS.find((known) => known === text) ?? unknownLevel(text));
  return { name, levels, version, cluster, tls, out };
}

function unknownLevel(text: string): never {
  throw new Error(`--level takes one of ${LEVELS.join(", ")}, not "${text}"`);
}
