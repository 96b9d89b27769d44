import {
  type Beat,
  MOST_TASKS,
  type Outcome,
  type PlainResults,
  type ReplyBody,
  type ResultEntry,
} from "../contract/index.ts";
import { isDeeperThan, JSON_DEPTH } from "../depth.ts";
import { readWireError } from "../errors.ts";

/** Twice the tasks that a worker may have in hand: its slots, what it takes in advance, and what its last packs hold beyond that. */
const MOST_HELD = 250_000;

const outcomes: ReadonlySet<unknown> = new Set<Outcome>(["completed", "dead", "expired", "cancelled"]);

/** A reply body from outside, or `undefined` where its shape is wrong. What is not known is left out, never copied. */
export function readReply(value: unknown): ReplyBody | undefined {
  if (
    !isRecord(value) ||
    typeof value.worker !== "string" ||
    !Array.isArray(value.results) ||
    !Array.isArray(value.probes)
  )
    return undefined;
  const results: ResultEntry[] = [];
  for (const raw of value.results as unknown[]) {
    const entry = readResult(raw);
    if (entry === undefined) return undefined;
    results.push(entry);
  }
  const plain = readPlain(value.plain);
  if (plain === undefined) return undefined;
  const probes = (value.probes as unknown[]).filter(isProbe);
  return { worker: value.worker, results, plain, probes };
}

/** None at all is what older workers send. */
function readPlain(value: unknown): PlainResults[] | undefined {
  if (value === undefined) return [];
  if (!isRecord(value)) return undefined;
  const plain: PlainResults[] = [];
  for (const [run, triples] of Object.entries(value)) {
    if (!Array.isArray(triples) || triples.length % 3 !== 0) return undefined;
    for (let at = 0; at < triples.length; at += 3) {
      if (!isCount(triples[at]) || !isCount(triples[at + 1]) || isDeeperThan(triples[at + 2], JSON_DEPTH))
        return undefined;
    }
    plain.push({ run, triples });
  }
  return plain;
}

function readResult(raw: unknown): ResultEntry | undefined {
  if (!isRecord(raw)) return undefined;
  const { run, index, outcome, round, attempts, copy, lost, durationMs, error } = raw;
  if (typeof run !== "string" || !isCount(index) || !outcomes.has(outcome)) return undefined;
  if (!isCount(round) || !isCount(attempts) || !isCount(copy) || !isCount(lost) || typeof durationMs !== "number")
    return undefined;
  const base = { run, index, outcome: outcome as Outcome, round, attempts, copy, lost, durationMs };
  if (outcome === "completed") return isDeeperThan(raw.value, JSON_DEPTH) ? undefined : { ...base, value: raw.value };
  return { ...base, error: readWireError(error) as NonNullable<ResultEntry["error"]> };
}

/** A beat from outside, or `undefined`. */
export function readBeat(value: unknown): Beat | undefined {
  if (!isRecord(value) || typeof value.worker !== "string") return undefined;
  const { worker, slots, busy, leaseMs, held, retries, progress } = value;
  if (!isCount(slots) || !isCount(busy) || !Array.isArray(retries) || !Array.isArray(progress)) return undefined;
  return {
    worker,
    slots,
    busy,
    ...(isCount(leaseMs) && { leaseMs }),
    held: Array.isArray(held) ? heldPlaces((held as unknown[]).filter(isPlace)) : undefined,
    retries: (retries as unknown[])
      .filter(isPlace)
      .filter((place): place is [string, number, number] => typeof place[2] === "number"),
    progress: (progress as unknown[])
      .filter(isPlace)
      .filter((place) => !isDeeperThan(place[2], JSON_DEPTH))
      .map((place) => [place[0], place[1], place[2]] as const),
  };
}

/** A beat from outside must not make anyone walk far: what it names beyond that is left out. */
function heldPlaces(places: readonly (readonly [string, number, unknown])[]): (readonly [string, number, number?])[] {
  const held: (readonly [string, number, number?])[] = [];
  let tasks = 0;
  for (const [run, first, count] of places) {
    const isPack = isCount(count) && count > 1 && count <= MOST_TASKS;
    tasks += isPack ? count : 1;
    if (tasks > MOST_HELD) break;
    held.push(isPack ? [run, first, count] : [run, first]);
  }
  return held;
}

function isPlace(value: unknown): value is [string, number, unknown] {
  return Array.isArray(value) && typeof value[0] === "string" && isCount(value[1]);
}

function isProbe(value: unknown): value is { run: string; sequence: number } {
  return isRecord(value) && typeof value.run === "string" && isCount(value.sequence);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
