import type { Fetched, Place } from "../port.ts";
import type { Answer, ProtocolRequest } from "./asking.ts";
import { readAborted, readBatches, readOffset } from "./batch-reader.ts";
import { ResponseError } from "./response-error.ts";

export interface FetchLimits {
  /** For the first record. */
  readonly waitMs: number;
  readonly partitionBytes: number;
  readonly allBytes: number;
}

type Ask = Place & { readonly offset: number };

const FETCH = 1;
/** The newest that kafkajs knows; every broker from 2.3 on takes it. */
const FETCH_VERSION = 11;
const READ_COMMITTED = 1;
/** A consumer. */
const NO_REPLICA = -1;
const UNKNOWN = -1;
/** Before the topics, and behind them. */
const FIXED_BYTES = 35;
/** Bytes of a partition that is asked for. */
const ASK_BYTES = 28;

/**
 * Reads from partitions of one leader. kafkajs's own request does the same with some promises and half a KiB of cleared memory for each partition, empty ones too.
 * What is asked for first is served first, so `turn` says where to begin.
 */
export function fetchRequest(
  asks: readonly Ask[],
  limits: FetchLimits,
  turn: number,
): ProtocolRequest<readonly Fetched[]> {
  const topics = byTopic(asks, turn);
  let bytes = FIXED_BYTES + asks.length * ASK_BYTES;
  for (const { name } of topics) bytes += 6 + name.length;
  return {
    apiKey: FETCH,
    apiVersion: FETCH_VERSION,
    apiName: "Fetch",
    bytes,
    write: (into, from) => write(topics, limits, into, from),
    read,
  };
}

interface AskedTopic {
  readonly name: Buffer;
  readonly asks: Ask[];
}

/** The partitions of each topic, both from another one on each time. */
function byTopic(asks: readonly Ask[], turn: number): AskedTopic[] {
  const topics = new Map<string, AskedTopic>();
  for (const ask of rotated(asks, turn)) {
    const own = topics.get(ask.topic);
    if (own === undefined) topics.set(ask.topic, { name: Buffer.from(ask.topic), asks: [ask] });
    else own.asks.push(ask);
  }
  return [...topics.values()];
}

function rotated<T>(items: readonly T[], turn: number): readonly T[] {
  const first = items.length === 0 ? 0 : turn % items.length;
  return first === 0 ? items : [...items.slice(first), ...items.slice(0, first)];
}

function write(
  topics: readonly AskedTopic[],
  { waitMs, partitionBytes, allBytes }: FetchLimits,
  into: Buffer,
  from: number,
): void {
  let at = into.writeInt32BE(NO_REPLICA, from);
  at = into.writeInt32BE(Math.ceil(waitMs), at);
  at = into.writeInt32BE(1, at);
  at = into.writeInt32BE(allBytes, at);
  at = into.writeInt8(READ_COMMITTED, at);
  // No session: each fetch says all.
  at = into.writeInt32BE(0, at);
  at = into.writeInt32BE(-1, at);
  at = into.writeInt32BE(topics.length, at);
  for (const { name, asks } of topics) {
    at = into.writeInt16BE(name.length, at);
    into.set(name, at);
    at = into.writeInt32BE(asks.length, at + name.length);
    for (const { partition, offset } of asks) {
      at = into.writeInt32BE(partition, at);
      at = into.writeInt32BE(UNKNOWN, at);
      at = into.writeBigInt64BE(BigInt(offset), at);
      at = into.writeBigInt64BE(-1n, at);
      at = into.writeInt32BE(partitionBytes, at);
    }
  }
  // Nothing to leave a session, and nowhere in particular.
  at = into.writeInt32BE(0, at);
  into.writeInt16BE(0, at);
}

/** throttle, error, session, [topic: [partition, error, high watermark, stable offset, start, [aborted], replica, records]]. */
async function read(bytes: Buffer): Promise<Answer<readonly Fetched[]>> {
  const throttleMs = bytes.readInt32BE(0);
  const refused = bytes.readInt16BE(4);
  if (refused !== 0) throw new ResponseError(refused);
  const fetched: Fetched[] = [];
  let at = 14;
  for (let topics = bytes.readInt32BE(10); topics > 0; topics -= 1) {
    const nameEnd = at + 2 + bytes.readInt16BE(at);
    const topic = bytes.toString("utf8", at + 2, nameEnd);
    const partitions = bytes.readInt32BE(nameEnd);
    at = nameEnd + 4;
    for (let left = partitions; left > 0; left -= 1) {
      const partition = bytes.readInt32BE(at);
      const code = bytes.readInt16BE(at + 4);
      const high = readOffset(bytes, at + 6);
      const aborted = readAborted(bytes, at + 30);
      at += 34 + aborted.length * 16 + 4;
      const length = Math.max(0, bytes.readInt32BE(at));
      const from = at + 4;
      at = from + length;
      const place = { topic, partition };
      if (code !== 0) fetched.push({ ...place, high, records: [], failed: new ResponseError(code, place) });
      else fetched.push({ ...place, high, ...(await readBatches(bytes, from, at, place, aborted)) });
    }
  }
  return { answer: fetched, throttleMs };
}
