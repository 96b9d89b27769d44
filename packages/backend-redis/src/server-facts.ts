import type { Doubt } from "@org/dispatch-core/contract";
import type { Connection } from "./connection.ts";
import { RedisRefusal } from "./redis-error.ts";
import { settled } from "./settled.ts";

/** The oldest server whose scripts have LMPOP. */
const LEAST_MAJOR = 7;

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

/**
 * Looks at every master. Throws `MISMATCH` for a server that is too old, and with `strict` for one that may lose tasks; else that is a doubt. So it is
 * that a user may not ask (`INFO` is denied), which `strict` refuses, too.
 */
export async function checkServers(
  connection: Pick<Connection, "masters">,
  strict: boolean,
  signal: AbortSignal,
): Promise<readonly Doubt[]> {
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
    const version = facts.get("redis_version") ?? "";
    if (Number.parseInt(version, 10) < LEAST_MAJOR)
      throw new RedisRefusal("MISMATCH", `Redis ${version} is too old: ${LEAST_MAJOR}.0 or later is needed`);
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
