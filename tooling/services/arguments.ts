/** The words behind `./dev services`. */
import { parseArgs } from "node:util";
import type { Which } from "./lifecycle.ts";
import type { Form, Service } from "./service.ts";

/** How it is called. */
export const USAGE =
  "usage: ./dev services up|down|restart|kill NAME [--version V] [--cluster | --sentinel | --tls] [--away MS], ./dev services down all, ./dev services status";

const COMMANDS = ["up", "down", "restart", "kill", "status"] as const;
const FORMS = ["cluster", "sentinel", "tls"] as const;

export interface Arguments {
  readonly command: (typeof COMMANDS)[number];
  /** Of a service, `all`, or empty for what wants none. */
  readonly name: string;
  readonly which: Which;
  /** How long `restart` and `kill` keep it away. */
  readonly awayMs: number | undefined;
}

/** Throws an Error with what is wrong, for people. */
export function readArguments(argv: readonly string[], services: readonly Service[]): Arguments {
  const flag = { type: "boolean", default: false } as const;
  const options = {
    version: { type: "string" },
    cluster: flag,
    sentinel: flag,
    tls: flag,
    away: { type: "string" },
  } as const;
  const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options });
  const [word, name = "", ...others] = positionals;
  const command = COMMANDS.find((each) => each === word);
  if (command === undefined || others.length > 0 || (name === "") !== (command === "status")) throw new Error(USAGE);
  const forms = FORMS.filter((each) => values[each]);
  if (forms.length > 1) throw new Error(`--${forms.join(" and --")} do not go together`);
  const [form] = forms;
  if (!(command === "down" && name === "all")) check(command, name, values.version, form, services);
  const { away, version } = values;
  if (away !== undefined && command !== "restart" && command !== "kill") throw new Error(USAGE);
  if (away !== undefined && !/^\d{1,9}$/.test(away)) throw new Error(`--away takes a number of ms, not "${away}"`);
  // A service without a flag is the single form only for `up`; the other commands mean whatever runs.
  return { command, name, which: { version, form }, awayMs: away === undefined ? undefined : Number(away) };
}

function check(
  command: string,
  name: string,
  version: string | undefined,
  form: Form | undefined,
  services: readonly Service[],
): void {
  if (command === "status") {
    if (version !== undefined || form !== undefined) throw new Error(USAGE);
    return;
  }
  const service = services.find((each) => each.name === name);
  if (service === undefined)
    throw new Error(`there is no service called ${name}, there are: ${services.map((each) => each.name).join(", ")}`);
  if (version !== undefined && !service.versions.includes(version))
    throw new Error(`there is no ${name} ${version}, there are: ${service.versions.join(", ")}`);
  if (form !== undefined && !service.forms.includes(form)) throw new Error(`${name} has no --${form}`);
}
