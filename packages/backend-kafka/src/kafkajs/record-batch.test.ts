import fc from "fast-check";
import kafkajsDecoder from "kafkajs/src/protocol/decoder.js";
import decodeBatch from "kafkajs/src/protocol/recordBatch/v0/decoder.js";
import { describe, expect, it } from "vitest";
import { crc32c } from "./crc32c.ts";
import { RecordBatch } from "./record-batch.ts";

describe("the checksum", () => {
  it.each([
    ["", 0],
    ["123456789", 0xe3069283],
    ["a", 0xc1d04330],
    ["The quick brown fox jumps over the lazy dog", 0x22620404],
  ])("of %j is the published one", (text, crc) => {
    const bytes = Buffer.from(text);
    expect(crc32c(bytes, 0, bytes.length)).toBe(crc | 0);
    expect(crc32c(Buffer.concat([Buffer.from("before"), bytes]), 6, 6 + bytes.length)).toBe(crc | 0);
  });
});

describe("a batch of records", () => {
  it("is what kafkajs reads, whatever is in it", async () => {
    const record = fc.record({
      key: fc.option(fc.oneof(fc.string(), fc.uint8Array())),
      value: fc.uint8Array({ maxLength: 400 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 200 }), fc.nat(2 ** 40), async (records, atMs) => {
        const batch = new RecordBatch({ partition: 0, records });
        const bytes = Buffer.alloc(batch.bytes + 7);
        expect(batch.write(bytes, 5, atMs)).toBe(5 + batch.bytes);
        const read = await decodeBatch(new kafkajsDecoder(bytes.subarray(5, 5 + batch.bytes)));
        expect(
          read.records.map(({ offset, timestamp }: { offset: string; timestamp: string }) => [offset, timestamp]),
        ).toEqual(records.map((_, at) => [String(at), String(atMs)]));
        expect(
          read.records.map(({ key, value }: { key: Buffer | null; value: Buffer }) => [
            key?.toString("hex"),
            value.toString("hex"),
          ]),
        ).toEqual(
          records.map(({ key, value }) => [
            key === null ? undefined : Buffer.from(key as string).toString("hex"),
            Buffer.from(value).toString("hex"),
          ]),
        );
      }),
      { numRuns: 100 },
    );
  });
});
