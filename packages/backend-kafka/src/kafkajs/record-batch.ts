import type { Batch } from "../port.ts";
import { crc32c } from "./crc32c.ts";

/** From the start of a batch to its records: offsets, length, epoch, magic, checksum, attributes, times, producer, count. */
const HEAD_BYTES = 61;
const CRC_AT = 17;
const BODY_AT = 21;
const MAGIC = 2;
const NONE = -1;

/** One batch of records in format 2, uncompressed, ready to be measured and written: kafkajs copies each byte seven times for it. */
export class RecordBatch {
  readonly #records: readonly {
    readonly key: Uint8Array | undefined;
    readonly value: Uint8Array;
    readonly bytes: number;
  }[];
  readonly bytes: number;

  constructor({ records }: Batch) {
    let bytes = HEAD_BYTES;
    this.#records = records.map(({ key: given, value }, at) => {
      const key = typeof given === "string" ? Buffer.from(given) : (given ?? undefined);
      const keyBytes = key === undefined ? varintBytes(NONE) : varintBytes(key.length) + key.length;
      // Attributes, the difference of times and the number of headers: a zero each.
      const body = 3 + varintBytes(at) + keyBytes + varintBytes(value.length) + value.length;
      bytes += varintBytes(body) + body;
      return { key, value, bytes: body };
    });
    this.bytes = bytes;
  }

  /** Answers where it ends. `atMs`: the time that the broker keeps the records by. */
  write(into: Buffer, from: number, atMs: number): number {
    const count = this.#records.length;
    const to = from + this.bytes;
    into.writeBigInt64BE(0n, from);
    into.writeInt32BE(this.bytes - 12, from + 8);
    into.writeInt32BE(0, from + 12);
    into.writeInt8(MAGIC, from + 16);
    into.writeInt16BE(0, from + BODY_AT);
    into.writeInt32BE(count - 1, from + 23);
    into.writeBigInt64BE(BigInt(atMs), from + 27);
    into.writeBigInt64BE(BigInt(atMs), from + 35);
    into.writeBigInt64BE(-1n, from + 43);
    into.writeInt16BE(NONE, from + 51);
    into.writeInt32BE(NONE, from + 53);
    into.writeInt32BE(count, from + 57);
    let at = from + HEAD_BYTES;
    for (const [offset, { key, value, bytes }] of this.#records.entries()) {
      at = writeVarint(into, at, bytes);
      into[at] = 0;
      into[at + 1] = 0;
      at = writeVarint(into, at + 2, offset);
      at = writeVarint(into, at, key === undefined ? NONE : key.length);
      if (key !== undefined) {
        into.set(key, at);
        at += key.length;
      }
      at = writeVarint(into, at, value.length);
      into.set(value, at);
      at += value.length;
      into[at] = 0;
      at += 1;
    }
    into.writeInt32BE(crc32c(into, from + BODY_AT, to), from + CRC_AT);
    return to;
  }
}

/** Zigzag: small numbers of either sign are short. */
const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0;

function varintBytes(value: number): number {
  let bytes = 1;
  for (let left = zigzag(value); left >= 0x80; left >>>= 7) bytes += 1;
  return bytes;
}

function writeVarint(into: Buffer, from: number, value: number): number {
  let at = from;
  let left = zigzag(value);
  for (; left >= 0x80; left >>>= 7) {
    into[at] = (left & 0x7f) | 0x80;
    at += 1;
  }
  into[at] = left;
  return at + 1;
}
