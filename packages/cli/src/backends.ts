import { dirname, join } from "node:path";
import type { Backend } from "@org/dispatch-core/contract";
import { type Character, memory } from "@org/dispatch-core/memory";
import type { Value } from "./config/kinds.ts";
import type { AdapterName } from "./config/option-key.ts";
import { misuse } from "./failure.ts";
import { importPackage } from "./installed-package.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * What a backend is made with: where its broker is, and the adapter's own keys of the configuration (docs/configuration.md), each under its name of the
 * API: `host`, `queueUrl`, `prefetchCount` … Only what was given is there.
 */
export interface AdapterOptions {
  /** Absent: core's default. */
  readonly namespace?: string;
  /** The queue that a name of the broker (`queueName`, `queueUrl`, `topic`) stands for; absent: core's default. */
  readonly queue?: string;
  /** As it was given. Absent, and without a host: the broker's usual place on this machine. Where it and another key say the same, the key wins. */
  readonly url?: string;
  readonly [option: string]: Value | undefined;
}

/**
 * What a package `@org/dispatch-backend-NAME` exports, for this command to find it: a function `fromOptions`. It makes the backend and does not connect
 * yet. It throws a `DispatchError` with CONFIG_INVALID for options that it cannot use, unknown ones too.
 */
export interface AdapterModule {
  fromOptions(options: AdapterOptions): Backend | Promise<Backend>;
}

/** The adapters that this command knows, each with the schemes of its URLs. */
const SCHEMES: Readonly<Record<AdapterName, readonly string[]>> = {
  memory: ["memory"],
  redis: ["redis", "rediss"],
  sqs: ["sqs", "sqs+http", "sqs+https"],
  rabbitmq: ["rabbitmq", "amqp", "amqps"],
  kafka: ["kafka"],
};

/**
 * Makes the backend that `--backend` names. Adapters are imported from where the user installed them: from the working folder first, then from beside
 * this command. Throws CONFIG_INVALID for an unknown name and for a package that is not installed.
 */
export async function findBackend(
  text: string,
  options: AdapterOptions,
  around: Pick<Surroundings, "cwd" | "home">,
): Promise<Backend> {
  const { name, url } = adapterOf(text);
  if (name === "memory") {
    const { queue: _, ...own } = options;
    const character = url?.slice("memory:".length) ?? "";
    // Core knows the characters, and names them to whoever asks for another one.
    return character === "" ? memory(own) : memory({ ...own, character: character as Character });
  }
  const packageName = `@org/dispatch-backend-${name}`;
  const adapter = await importAdapter(packageName, around);
  return adapter.fromOptions({ ...options, ...(url !== undefined && { url }) });
}

/** The adapter that a name or a URL means, and the URL if it is one. Throws CONFIG_INVALID where there is none; says nothing of what follows `:`. */
export function adapterOf(text: string): { readonly name: AdapterName; readonly url: string | undefined } {
  const scheme = (/^([^:]*):/.exec(text)?.[1] ?? text).toLowerCase();
  for (const [name, schemes] of Object.entries(SCHEMES) as [AdapterName, readonly string[]][]) {
    if (scheme === name && !text.includes(":")) return { name, url: undefined };
    if (schemes.includes(scheme) && text.includes(":")) return { name, url: text };
  }
  const known = Object.values(SCHEMES).flatMap((schemes) => schemes.map((each) => `${each}:`));
  throw misuse(
    `--backend "${scheme}" is not known; there are ${Object.keys(SCHEMES).join(", ")}, and URLs that start with ${known.join(", ")}`,
  );
}

/** The adapter that a name or a URL means. Throws CONFIG_INVALID where there is none. */
export function adapterNameOf(text: string): AdapterName {
  return adapterOf(text).name;
}

async function importAdapter(packageName: string, around: Pick<Surroundings, "cwd" | "home">): Promise<AdapterModule> {
  const found = await importPackage(packageName, [join(around.cwd, "package.json"), around.home]);
  if (isAdapter(found.module)) return found.module;
  throw misuse(
    `the package ${packageName} in ${dirname(found.entry)} exports no function fromOptions: is it of another version?`,
  );
}

function isAdapter(module: unknown): module is AdapterModule {
  return (
    typeof module === "object" && module !== null && "fromOptions" in module && typeof module.fromOptions === "function"
  );
}
