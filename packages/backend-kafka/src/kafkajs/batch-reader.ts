import type { Fetched, LogRecord, Place } from "../port.ts";
import { codecOf } from "./compression.ts";

/** Before the length that a batch says of itself has begun. */
const FRONT_BYTES = 12;
/** From the start of a batch to its records. */
const HEAD_BYTES = 61;
const MAGIC = 2;
const CODEC_BITS = 0x07;
const TRANSACTION_BIT = 0x10;
/** What a transaction writes beside records. */
const CONTROL_BIT = 0x20;
const NO_BYTES = new Uint8Array(0);
/** Where the number ends that was read last. */
let ended = 0;

/**
 * Reads batches of records in format 2, the only one that brokers from 3.0 on keep. The last may be cut off, by the limit of a fetch: it is left out. Keys and
 * values are views into `bytes`; what is of `aborted` is left out. What is before a batch that is none, or is compressed by what there is no codec for, is read all the same.
 */
export async function readBatches(
  bytes: Buffer,
  from: number,
  to: number,
  { topic, partition }: Place,
  aborted: Aborted[],
): Promise<Pick<Fetched, "records" | "next" | "failed">> {
  const records: LogRecord[] = [];
  let next = 0;
  try {
    for (let at = from; at + HEAD_BYTES <= to; ) {
      const end = at + FRONT_BYTES + bytes.readInt32BE(at + 8);
      if (end > to) break;
      if (bytes[at + 16] !== MAGIC) throw new Error(`a batch of records of format ${bytes[at + 16]}`);
      const attributes = bytes.readInt16BE(at + 21);
      const base = readOffset(bytes, at);
      const isMarker = (attributes & CONTROL_BIT) !== 0;
      const isGone = (attributes & TRANSACTION_BIT) !== 0 && isAborted(aborted, bytes, at, isMarker);
      if (!isMarker && !isGone) {
        const count = bytes.readInt32BE(at + 57);
        if ((attributes & CODEC_BITS) === 0) readRecords(bytes, at + HEAD_BYTES, count, base, records);
        else {
          const unfolded = await codecOf(attributes & CODEC_BITS).decompress(bytes.subarray(at + HEAD_BYTES, end));
          readRecords(unfolded, 0, count, base, records);
        }
      }
      next = base + bytes.readInt32BE(at + 23) + 1;
      at = end;
    }
    return { records, next };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const failed = new Error(`partition ${partition} of the topic ${topic} cannot be read: ${why}`, { cause: error });
    return { records, next, failed };
  }
}

/** A transaction that was aborted: whose, and from which offset on. */
interface Aborted {
  readonly producer: bigint;
  readonly from: number;
}

/** [producer, offset]. */
export function readAborted(bytes: Buffer, at: number): Aborted[] {
  return Array.from({ length: Math.max(0, bytes.readInt32BE(at)) }, (_, index) => {
    const from = at + 4 + index * 16;
    return { producer: bytes.readBigInt64BE(from), from: readOffset(bytes, from + 8) };
  });
}

/** Is a batch part of one of them? A marker is its end. */
function isAborted(aborted: Aborted[], bytes: Buffer, at: number, isMarker: boolean): boolean {
  const producer = bytes.readBigInt64BE(at + 43);
  const offset = readOffset(bytes, at);
  const found = aborted.findIndex((one) => one.producer === producer && one.from <= offset);
  if (isMarker && found >= 0) aborted.splice(found, 1);
  return found >= 0;
}

/** 64 bits, of which a log never uses those that a number has not. */
export function readOffset(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

/** Length, attributes, difference of times, difference of offsets, key, value; headers are nobody's here. */
function readRecords(bytes: Buffer, from: number, count: number, base: number, into: LogRecord[]): void {
  let at = from;
  for (let left = count; left > 0; left -= 1) {
    const length = readVarint(bytes, at);
    const end = ended + length;
    skipVarint(bytes, ended + 1);
    const offset = base + readVarint(bytes, ended);
    const key = readBytes(bytes, ended);
    const value = readBytes(bytes, ended);
    into.push({ offset, key, value: value ?? NO_BYTES });
    at = end;
  }
}

function readBytes(bytes: Buffer, at: number): Buffer | null {
  const length = readVarint(bytes, at);
  if (length < 0) return null;
  const from = ended;
  ended += length;
  return bytes.subarray(from, ended);
}

/** Zigzag, 32 bits. */
function readVarint(bytes: Buffer, from: number): number {
  let at = from;
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at] as number;
    at += 1;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  ended = at;
  return (value >>> 1) ^ -(value & 1);
}

function skipVarint(bytes: Buffer, from: number): void {
  let at = from;
  while ((bytes[at] as number) >= 0x80) at += 1;
  ended = at + 1;
}
