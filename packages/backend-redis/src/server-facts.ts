import type { Doubt } from "@org/dispatch-core/contract";
import type { Connection } from "./connection.ts";
import { RedisRefusal } from "./redis-error.ts";
import type { Settings } from "./settings.ts";
import { settled } from "./settled.ts";

/** What `INFO` says, by its keys. */
type Facts = ReadonlyMap<string, string>;

/** What may lose tasks on a server, in sentences; nothing where all is well. */
export function faultsOf(facts: Facts): string[] {
  const faults: string[] = [];
  const policy = facts.get("maxmemory_policy") ?? "noeviction";
  if (policy !== "noeviction")
    faults.push(
      `maxmemory-policy is ${policy}: when memory is short, Redis throws tasks away; it should be noeviction`,
    );
  if (facts.get("aof_enabled") === "0")
    faults.push("appendonly is off: a restart of Redis loses what was sent since the last snapshot, or everything");
  return faults;
}

/** What is asked of servers. */
export type Asked = Pick<Settings, "strict" | "durability">;

/** What a server cannot do, in a sentence. LMPOP came with 7.0, WAITAOF with 7.2; a version that cannot be read is taken for a newer one. */
function lackOf(facts: Facts, { durability }: Asked): string | undefined {
  const version = facts.get("redis_version") ?? "";
  const [major = Number.NaN, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  if (major < 7) return `Redis ${version} is too old: 7.0 or later is needed`;
  if (durability?.onDisk !== true) return undefined;
  if (major === 7 && minor < 2) return `Redis ${version} is too old for waitAof: 7.2 or later is needed`;
  return facts.get("aof_enabled") === "0" ? "waitAof waits for a file that is off: set appendonly to yes" : undefined;
}

/**
 * Looks at every master. Throws `MISMATCH` for a server that cannot do what is needed, and with `strict` for one that may lose tasks; else that is a
 * doubt. So it is that a user may not ask (`INFO` is denied), which `strict` refuses, too.
 */
export async function checkServers(
  connection: Pick<Connection, "masters">,
  asked: Asked,
  signal: AbortSignal,
): Promise<readonly Doubt[]> {
  const { strict } = asked;
  const doubts: Doubt[] = [];
  for (const master of connection.masters()) {
    let text: string;
    try {
      text = await settled(master.info(), signal);
    } catch (error) {
      if (strict || !(error instanceof Error) || !error.message.startsWith("NOPERM")) throw error;
      doubts.push({
        code: "DENIED",
        detail: "the user may not ask INFO: whether Redis evicts tasks, or keeps them over a restart, is not known",
      });
      continue;
    }
    const facts = factsOf(text);
    const lack = lackOf(facts, asked);
    if (lack !== undefined) throw new RedisRefusal("MISMATCH", lack);
    const faults = faultsOf(facts);
    if (faults.length > 0 && strict) throw new RedisRefusal("MISMATCH", faults.join("; "));
    doubts.push(...faults.map((detail) => ({ code: "MISMATCH", detail }) as const));
  }
  return doubts;
}

export function factsOf(info: string): Facts {
  const lines = info.split(/\r?\n/).filter((line) => line.includes(":"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}
