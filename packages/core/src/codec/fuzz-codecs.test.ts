import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { BadFrame, DataCode } from "../contract/index.ts";
import { cpuMs } from "../testing/cpu-time.ts";
import { wireOf } from "../wire.ts";
import { blobOf } from "./claim.ts";
import { bytesOf, decodeFrame, isBad } from "./frame.ts";
import { at, HEADER_BYTES, packCodecs } from "./header.ts";
import { wrapping } from "./json.ts";
import { replyFrame, taskFrame } from "./maker.ts";
import { codecOf, newTask, noise, profileOf, shelf } from "./testing.ts";

const PAUSE_MS = 50;
const codes: readonly DataCode[] = ["FRAME_INVALID", "CODEC_UNKNOWN", "BLOB_MISSING"];
const blobs = shelf();
const codecs = (["gzip", "zstd", "brotli"] as const).map((compress) =>
  codecOf({ compress, compressAboveBytes: 0, blobs, profile: profileOf(4_000) }),
);
const reader = codecs[0] as (typeof codecs)[number];
const ascii = wireOf({ wire: "ascii" });
const seeds: Uint8Array[] = [];

beforeAll(async () => {
  const payloads = [
    { text: "word ".repeat(100) },
    { list: Array.from({ length: 60 }, (_, index) => index) },
    noise(9_000),
  ];
  for (const codec of codecs) {
    for (const payload of payloads) seeds.push((await taskFrame(newTask({ payload }), codec)).bytes);
    seeds.push(
      (await replyFrame(JSON.stringify({ worker: "w".repeat(200), results: [], probes: [] }), 1, codec)).bytes,
    );
  }
  expect(seeds.map((seed) => Buffer.from(seed).readUInt16BE(at.codecs).toString(16))).toEqual(
    ["1200", "1200", "1250", "1200"].concat(["1300", "1300", "1350", "1300"], ["1400", "1400", "1450", "1400"]),
  );
});

/** The parts of reading that happen at one go, and what came of it in the end. */
async function readAll(bytes: Uint8Array): Promise<number> {
  const startedAt = cpuMs();
  const frame = decodeFrame(ascii.fromWire(bytes), "q", "normal");
  if (isBad(frame)) {
    expect(frame.bad).toBe("FRAME_INVALID");
    return cpuMs() - startedAt;
  }
  const key = blobOf(frame);
  if (key !== undefined) expect(key).toMatch(/^[0-9a-f]{32}$/);
  const pending = [reader.decodeBody(frame, wrapping.reply), reader.payloads(frame)];
  const pausedMs = cpuMs() - startedAt;
  for (const body of await Promise.all(pending)) if ("bad" in body) checkBad(body);
  expect(bytesOf(frame)).toBeDefined();
  return pausedMs;
}

function checkBad({ bad, detail }: BadFrame): void {
  expect(codes).toContain(bad);
  expect(detail.length).toBeLessThan(300);
}

/** No throw, no rejection, and no pause; the machine may pause by itself, so what is slow is measured again. */
async function check(bytes: Uint8Array): Promise<void> {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3 && bestMs > PAUSE_MS; round += 1) bestMs = Math.min(bestMs, await readAll(bytes));
  expect(bestMs).toBeLessThanOrEqual(PAUSE_MS);
}

/** A good head with these codecs, and this behind it. */
function framed(order: readonly number[], body: Uint8Array): Buffer {
  const seed = seeds[0] as Uint8Array;
  const extension = Buffer.from(seed).readUIntBE(at.extension, 3);
  const head = Buffer.from(seed.subarray(0, HEADER_BYTES + extension));
  head.writeUInt16BE(packCodecs(order), at.codecs);
  return Buffer.concat([head, body]);
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const order = fc.array(fc.constantFrom(1, 2, 3, 4, 5, 6, 15), { maxLength: 4 });

describe("frames from outside, whatever their codecs", () => {
  it("garbage behind a good head: 6,000 runs", { timeout: 60_000 }, async () => {
    const garbage = fc.tuple(order, bytes(300)).map(([numbers, body]) => framed(numbers, body));
    await fc.assert(fc.asyncProperty(garbage, check), { numRuns: 6_000 });
  });

  it("compressed garbage that claims any size: 6,000 runs", { timeout: 60_000 }, async () => {
    const sizes = fc.oneof(fc.nat(70_000), fc.nat(0xffff_ffff), fc.constantFrom(16 * 1024 * 1024, 65_536, 0));
    const starts = fc.constantFrom([], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], [0x28, 0xb5, 0x2f, 0xfd], [0x0b], [0x8b]);
    const garbage = fc.tuple(fc.constantFrom(2, 3, 4), sizes, starts, bytes(300)).map(([codec, size, start, rest]) => {
      const declared = Buffer.alloc(4);
      declared.writeUInt32BE(size);
      return framed([1, codec], Buffer.concat([declared, Buffer.from(start), rest]));
    });
    await fc.assert(fc.asyncProperty(garbage, check), { numRuns: 6_000 });
  });

  it("good frames with bytes that are wrong: 8,000 runs", { timeout: 60_000 }, async () => {
    const wrong = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const mutated = fc.tuple(fc.nat(), wrong).map(([which, changes]) => {
      const copy = Buffer.from(seeds[which % seeds.length] as Uint8Array);
      for (const [place, byte] of changes) copy.writeUInt8(byte, place % copy.length);
      return copy;
    });
    await fc.assert(fc.asyncProperty(mutated, check), { numRuns: 8_000 });
  });

  it("good frames that were cut, or go on with something else: 3,000 runs", { timeout: 60_000 }, async () => {
    const cut = fc.tuple(fc.nat(), fc.nat(), bytes(40)).map(([which, length, more]) => {
      const seed = seeds[which % seeds.length] as Uint8Array;
      return Buffer.concat([seed.subarray(0, length % (seed.length + 1)), more]);
    });
    await fc.assert(fc.asyncProperty(cut, check), { numRuns: 3_000 });
  });

  it("claims of all kinds: 2,000 runs", { timeout: 60_000 }, async () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom("../../x", "0".repeat(32), "f".repeat(64), ...blobs.blobs.keys()),
    );
    const claim = fc.record({ key: text, bytes: fc.oneof(fc.integer(), fc.double()), sha256: text });
    const claims = fc
      .tuple(fc.constantFrom([1, 5], [1, 2, 5], [1, 4, 5]), claim)
      .map(([numbers, said]) => framed(numbers, Buffer.from(JSON.stringify(said))));
    await fc.assert(fc.asyncProperty(claims, check), { numRuns: 2_000 });
  });

  it("texts on a wire of text: 2,000 runs", { timeout: 60_000 }, async () => {
    const texts = fc.oneof(fc.base64String(), fc.string()).map((text) => Buffer.from(text, "utf8"));
    await fc.assert(fc.asyncProperty(texts, check), { numRuns: 2_000 });
  });
});
