import fc from "fast-check";
import kafkajsRequest from "kafkajs/src/protocol/requests/fetch/v11/request.js";
import * as kafkajsResponse from "kafkajs/src/protocol/requests/fetch/v11/response.js";
import { describe, expect, it } from "vitest";
import { fetchRequest } from "./fetch-request.ts";
import { classifyKafkajs, meaningOf } from "./kafkajs-error.ts";
import { RecordBatch } from "./record-batch.ts";
import { ResponseError } from "./response-error.ts";

const limits = { waitMs: 300, partitionBytes: 262_144, allBytes: 8_388_608 };
const read = async (bytes: Buffer) => (await fetchRequest([], limits, 0).read(bytes)).answer;
const hex = (bytes: Uint8Array | null | undefined) => bytes && Buffer.from(bytes).toString("hex");

interface Part {
  readonly partition: number;
  readonly code: number;
  readonly high: number;
  readonly aborted: number;
  readonly records: Buffer;
}

/** An answer, as a broker writes it. */
function answerOf(topics: readonly (readonly [string, readonly Part[]])[], code = 0): Buffer {
  const parts: Buffer[] = [];
  const int = (value: number, bytes: 2 | 4 | 8) => {
    const into = Buffer.alloc(bytes);
    if (bytes === 8) into.writeBigInt64BE(BigInt(value));
    else into.writeIntBE(value, 0, bytes);
    parts.push(into);
  };
  const text = (value: string) => {
    int(Buffer.byteLength(value), 2);
    parts.push(Buffer.from(value));
  };
  int(0, 4);
  int(code, 2);
  int(0, 4);
  int(topics.length, 4);
  for (const [topic, partitions] of topics) {
    text(topic);
    int(partitions.length, 4);
    for (const part of partitions) {
      int(part.partition, 4);
      int(part.code, 2);
      for (const offset of [part.high, part.high, 0]) int(offset, 8);
      int(part.aborted === 0 ? -1 : part.aborted, 4);
      for (let left = part.aborted * 2; left > 0; left -= 1) int(7, 8);
      int(-1, 4);
      int(part.records.length, 4);
      parts.push(part.records);
    }
  }
  return Buffer.concat(parts);
}

/** A batch at an offset, as the broker keeps it. */
function batchAt(base: number, records: readonly { readonly key: Uint8Array | null; readonly value: Uint8Array }[]) {
  const batch = new RecordBatch({ partition: 0, records });
  const bytes = Buffer.alloc(batch.bytes);
  batch.write(bytes, 0, 1_700_000_000_000);
  bytes.writeBigInt64BE(BigInt(base), 0);
  return bytes;
}

const record = fc.record({
  key: fc.option(fc.uint8Array({ maxLength: 20 })),
  value: fc.uint8Array({ maxLength: 300 }),
});
const batches = fc
  .array(fc.tuple(fc.nat(2 ** 40), fc.array(record, { minLength: 1, maxLength: 150 })), { maxLength: 3 })
  .map((all) => Buffer.concat(all.map(([base, records]) => batchAt(base, records))));
/** kafkajs itself fails where it is cut off before the format is said. */
const leftOf = (bytes: number) => (bytes < 17 ? 0 : bytes);
const part = fc.record({
  partition: fc.nat(20),
  code: fc.constant(0),
  high: fc.nat(2 ** 48),
  aborted: fc.nat(2),
  records: fc.tuple(batches, fc.nat(70)).map(([all, cut]) => all.subarray(0, leftOf(all.length - cut))),
});

describe("a fetch", () => {
  const asks = ["a", "täst"].flatMap((topic) =>
    [0, 1, 2].map((partition) => ({ topic, partition, offset: 2 ** 41 + partition })),
  );
  const written = (turn: number) => {
    const request = fetchRequest(asks, limits, turn);
    const bytes = Buffer.alloc(request.bytes + 3);
    request.write(bytes, 3);
    return bytes.subarray(3);
  };
  const expected = async (order: readonly (readonly [string, readonly number[]])[]) => {
    const topics = order.map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map((partition) => ({
        partition,
        fetchOffset: String(2 ** 41 + partition),
        maxBytes: limits.partitionBytes,
      })),
    }));
    const all = { replicaId: -1, maxWaitTime: 300, minBytes: 1, maxBytes: limits.allBytes, isolationLevel: 1, topics };
    return (await kafkajsRequest(all).encode()).buffer;
  };

  it("is written as kafkajs writes it", async () => {
    expect(hex(written(0))).toBe(hex(await expected([["a", [0, 1, 2]], ["täst", [0, 1, 2]]]))); // biome-ignore format: one line
  });

  it("begins with another partition each time, and says each topic once", async () => {
    expect(hex(written(2))).toBe(hex(await expected([["a", [2, 0, 1]], ["täst", [0, 1, 2]]]))); // biome-ignore format: one line
    expect(hex(written(10))).toBe(hex(await expected([["täst", [1, 2, 0]], ["a", [0, 1, 2]]]))); // biome-ignore format: one line
    expect(hex(written(12))).toBe(hex(written(0)));
  });

  it("is answered with what kafkajs reads, whatever is in it and wherever it is cut off", async () => {
    const topics = fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.array(part, { maxLength: 4 })), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(topics, async (all) => {
        const bytes = answerOf(all);
        const { responses } = await kafkajsResponse.decode(bytes);
        expect(
          (await read(bytes)).map(({ records, next: _, ...place }) => ({
            ...place,
            records: records.map(({ offset, key, value }) => [offset, hex(key), hex(value)]),
          })),
        ).toEqual(
          responses.flatMap(({ topicName: topic, partitions }) =>
            partitions.map(({ partition, highWatermark, messages }) => ({
              topic,
              partition,
              high: Number(highWatermark),
              records: messages.map(({ offset, key, value }) => [Number(offset), hex(key), hex(value)]),
            })),
          ),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("leaves out what a transaction writes beside records, and reads what stands behind it", async () => {
    const control = batchAt(5, [{ key: Buffer.from([0, 0, 0, 1]), value: Buffer.alloc(6) }]);
    control.writeInt16BE(0x30, 21);
    const records = Buffer.concat([control, batchAt(6, [{ key: null, value: Buffer.from("x") }])]);
    const [answer] = await read(answerOf([["t", [{ partition: 0, code: 0, high: 7, aborted: 0, records }]]])); // biome-ignore format: one line
    expect(answer).toMatchObject({ records: [{ offset: 6, key: null, value: Buffer.from("x") }], next: 7 });
    const [end] = await read(answerOf([["t", [{ partition: 0, code: 0, high: 6, aborted: 0, records: control }]]])); // biome-ignore format: one line
    expect(end).toMatchObject({ records: [], next: 6 });
  });

  it("leaves out what was aborted, until the marker of its end, and nothing of others", async () => {
    const of = (at: number, producer: number, attributes: number, text: string) => {
      const batch = batchAt(at, [{ key: null, value: Buffer.from(text) }]);
      batch.writeInt16BE(attributes, 21);
      batch.writeBigInt64BE(BigInt(producer), 43);
      return batch;
    };
    const [record, marker] = [0x10, 0x30];
    // Two of producer 7 were aborted, from offset 7 on each time, as `answerOf` says it.
    const records = Buffer.concat([
      of(6, 7, record, "committed before"),
      of(7, 7, record, "aborted"),
      of(8, 8, record, "another's"),
      of(9, 7, 0, "without a transaction"),
      of(10, 7, marker, ""),
      of(11, 7, record, "aborted too"),
      of(12, 7, marker, ""),
      of(13, 7, record, "committed"),
    ]);
    const [answer] = await read(answerOf([["t", [{ partition: 0, code: 0, high: 14, aborted: 2, records }]]]));
    expect(answer?.records.map(({ value }) => String(value))).toEqual(["committed before", "another's", "without a transaction", "committed"]); // biome-ignore format: one line
    expect(answer?.next).toBe(14);
  });

  it("fails with what the broker says of all of it", async () => {
    await expect(read(answerOf([], 29))).rejects.toThrow(ResponseError);
  });

  it("says of each partition what is wrong with it, and brings what stands before that, and in the others", async () => {
    const of = (at: number, attributes: number, text: string) => {
      const batch = batchAt(at, [{ key: null, value: Buffer.from(text) }]);
      batch.writeInt16BE(attributes, 21);
      return batch;
    };
    const part = (partition: number, code: number, ...all: readonly Buffer[]) => ({ partition, code, high: 9, aborted: 1, records: Buffer.concat(all) }); // biome-ignore format: one line
    const old = of(0, 0, "old");
    old[16] = 1;
    const found = await read(answerOf([["t", [part(3, 1), part(4, 0, of(0, 0, "a"), of(1, 3, "lz4"), of(2, 0, "c")), part(5, 0, old), part(6, 0, of(0, 0, "x"))]]])); // biome-ignore format: one line
    expect(found.map(({ partition, records, failed }) => [partition, records.map(({ value }) => String(value)), failed && (failed as Error).message])).toEqual([
      [3, [], "partition 3 of the topic t: OFFSET_OUT_OF_RANGE"],
      [4, ["a"], "partition 4 of the topic t cannot be read: LZ4 compression not implemented"],
      [5, [], "partition 5 of the topic t cannot be read: a batch of records of format 1"],
      [6, ["x"], undefined],
    ]); // biome-ignore format: one table
    expect(found.map(({ failed }) => failed && classifyKafkajs(failed).code)).toEqual(["UNAVAILABLE", "MISMATCH", "UNAVAILABLE", undefined]); // biome-ignore format: one line
    expect(meaningOf(found[0]?.failed)).toBe("out-of-range");
  });
});
