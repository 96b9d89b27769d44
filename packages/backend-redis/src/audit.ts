import type { Script } from "./script.ts";
import { scripts } from "./script.ts";

export interface AuditReport {
  /** Frames whose record is in the queue. */
  readonly records: number;
  /** Records that are neither ready, nor delayed, nor leased: nobody would ever receive them. */
  readonly orphans: number;
  /** Those of them that were lined up again. */
  readonly repaired: number;
}

/** Runs a script on the queue that is looked at. */
export type Ask = (script: Script, args: readonly (string | number | Buffer)[]) => Promise<unknown>;

/** Where entries are, by their place among a queue's keys: leases, delays, and the eleven lists. */
const STRUCTURES = [3, 4, ...Array.from({ length: 11 }, (_, index) => 8 + index)];
const PAGE = 1_000;
/** Suspects that are looked for in one step. */
const SUSPECTS = 50_000;

/**
 * Compares the records of a queue with its structures, which only a server that lost some of its keys can set at odds. Work goes on meanwhile, so what
 * was seen in no structure is looked for once more, in all of them at one moment.
 */
export async function auditQueue(ask: Ask, repair: boolean): Promise<AuditReport> {
  const known = await knownFields(ask);
  const suspects = new Map<string, Buffer>();
  let records = 0;
  let cursor: Buffer | string = "0";
  do {
    const [next, ...found] = (await ask(scripts.records, [cursor])) as [Buffer, ...Buffer[]];
    records += found.length;
    for (const field of found) if (!known.has(field.toString("latin1"))) suspects.set(field.toString("latin1"), field);
    cursor = next;
  } while (String(cursor) !== "0");
  let orphans = 0;
  const fields = [...suspects.values()];
  for (let from = 0; from < fields.length; from += SUSPECTS)
    orphans += (await ask(scripts.adopt, [repair ? 1 : 0, ...fields.slice(from, from + SUSPECTS)])) as number;
  return { records, orphans, repaired: repair ? orphans : 0 };
}

async function knownFields(ask: Ask): Promise<Set<string>> {
  const known = new Set<string>();
  for (const structure of STRUCTURES) {
    for (let from = 0, count = PAGE; count === PAGE; from += PAGE) {
      const [read, ...fields] = (await ask(scripts.fields, [structure, from, PAGE])) as [number, ...Buffer[]];
      for (const field of fields) known.add(field.toString("latin1"));
      count = read;
    }
  }
  return known;
}
