import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock, VirtualClock } from "../clock.ts";
import type { BodyCodec, Compress, Encoded } from "./body.ts";
import { blobOf } from "./claim.ts";
import { bodyLimits, wrapping } from "./json.ts";
import { codecOf, noise, profileOf, shelf } from "./testing.ts";

const HEAD_BYTES = 40;
const kinds = ["off", "gzip", "zstd", "brotli"] as const;
const words = (bytes: number) => JSON.stringify(["word ".repeat(bytes / 5)]);

/** As it comes out of a frame. */
function received({ codecs, body }: Encoded) {
  return { codecs, body: typeof body === "string" ? Buffer.from(body) : body };
}

async function carried(codec: BodyCodec, json: string): Promise<unknown> {
  const read = await codec.decodeBody(received(await codec.encodeBody(json, HEAD_BYTES)), wrapping.none);
  return "bad" in read ? read : read.value;
}

describe("compression", () => {
  it.each<[Compress, number[]]>([
    ["off", [1]],
    ["gzip", [1, 2]],
    ["zstd", [1, 3]],
    ["brotli", [1, 4]],
  ])("%s is done above 1 KiB, and said in the header", async (compress, codecs) => {
    const codec = codecOf({ compress });
    const small = words(1_020);
    expect(Buffer.byteLength(small)).toBe(1_024);
    expect(codec.encodeBody(small, HEAD_BYTES)).toEqual({ codecs: [1], body: small });
    expect(await codec.encodeBody(words(1_025), HEAD_BYTES)).toMatchObject({ codecs });
  });

  it("is gzip where a network is reached, none where there is none", async () => {
    const codecs = async (reach: "network" | "process") =>
      (await codecOf({ profile: { ...profileOf(), reach } }).encodeBody(words(2_000), HEAD_BYTES)).codecs;
    expect([await codecs("network"), await codecs("process")]).toEqual([[1, 2], [1]]);
  });

  it("is kept only where it makes the body shorter", async () => {
    const json = JSON.stringify(Array.from({ length: 40 }, (_, code) => noise(30 + code)).join(""));
    for (const compress of kinds) {
      const encoded = await codecOf({ compress, compressAboveBytes: 0 }).encodeBody("[1]", HEAD_BYTES);
      expect([encoded.codecs, received(encoded).body.toString()]).toEqual([[1], "[1]"]);
      expect(received(await codecOf({ compress }).encodeBody(json, HEAD_BYTES)).body.length).toBeLessThanOrEqual(
        json.length,
      );
    }
  });

  it("counts bytes, not letters", async () => {
    const codec = codecOf();
    expect((await codec.encodeBody(JSON.stringify("€".repeat(340)), HEAD_BYTES)).codecs).toEqual([1]);
    expect((await codec.encodeBody(JSON.stringify("€".repeat(341)), HEAD_BYTES)).codecs).toEqual([1, 2]);
  });

  it.each(kinds)("%s: small ones without a promise, both ways", (compress) => {
    // How much a turn may do is counted in time, of which a busy machine takes more.
    const codec = codecOf({ compress, clock: new VirtualClock() });
    for (const json of ["[]", words(1_000), words(60_000)]) {
      const encoded = codec.encodeBody(json, HEAD_BYTES);
      if (encoded instanceof Promise) throw new Error("a promise");
      expect(codec.decodeBody(received(encoded), wrapping.none)).toEqual({ value: JSON.parse(json) });
    }
  });

  it.each(kinds)("%s: any JSON comes back as it was", { timeout: 60_000 }, async (compress) => {
    const codecs = [1, 1_000_000].map((compressAboveBytes) => codecOf({ compress, compressAboveBytes }));
    const roundTrip = fc.asyncProperty(fc.jsonValue(), fc.nat(200), async (value, times) => {
      const json = JSON.stringify(Array.from({ length: times + 1 }, () => value));
      for (const codec of codecs) expect(await carried(codec, json)).toEqual(JSON.parse(json));
    });
    await fc.assert(roundTrip, { numRuns: 300 });
  });

  it.each(kinds)("%s: large ones come back", async (compress) => {
    const codec = codecOf({ compress, profile: profileOf(16_000_000) });
    for (const text of ["word ".repeat(800_000), noise(300_000), "🙂".repeat(200_000)])
      expect(await carried(codec, JSON.stringify([text]))).toEqual([text]);
  });

  it("of many small bodies at once is spread over turns of the event loop, in their order", async () => {
    // Each look at this clock is 2 ms later: so is each piece of work.
    let now = 0;
    const clock = { ...systemClock(), now: () => (now += 2) };
    const codec = codecOf({ compress: "zstd", clock });
    const made: number[] = [];
    const encoded = Array.from({ length: 20 }, (_, index) => codec.encodeBody(words(5_000 + index * 5), HEAD_BYTES));
    expect(encoded.filter((one) => !(one instanceof Promise))).toHaveLength(5);
    await Promise.all(encoded.map((one, index) => Promise.resolve(one).then(() => made.push(index))));
    expect(made).toEqual(Array.from({ length: 20 }, (_, index) => index));
    for (const [index, one] of encoded.entries())
      expect(await codec.decodeBody(received(await one), wrapping.none)).toEqual({
        value: JSON.parse(words(5_000 + index * 5)),
      });
  });
});

describe("a frame's limit", () => {
  it("is measured on the wire, and keeps clear what a frame may grow by", () => {
    const fits = (wire: "bytes" | "ascii", bytes: number) => {
      const codec = codecOf({ profile: profileOf(100_000, wire), compress: "off" });
      const json = JSON.stringify("x".repeat(bytes - 2));
      try {
        return (codec.encodeBody(json, HEAD_BYTES) as Encoded).codecs;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const most = 100_000 - 1_024 - HEAD_BYTES;
    expect([fits("bytes", most), fits("bytes", most + 1)]).toEqual([[1], "TOO_LARGE"]);
    const text = 75_000 - 1_024 - HEAD_BYTES;
    expect([fits("ascii", text), fits("ascii", text + 1)]).toEqual([[1], "TOO_LARGE"]);
  });

  it("says what is too large, and what the broker takes", () => {
    const codec = codecOf({ profile: profileOf(100_000), compress: "off" });
    expect(() => codec.encodeBody(JSON.stringify("x".repeat(200_000)), HEAD_BYTES)).toThrow(
      "a frame of 200042 bytes, the broker takes 100000, less 1024 by which it may grow on its way",
    );
  });

  it("is judged after compression", async () => {
    const codec = codecOf({ profile: profileOf(10_000) });
    expect((await codec.encodeBody(words(50_000), HEAD_BYTES)).codecs).toEqual([1, 2]);
    await expect(codec.encodeBody(JSON.stringify(noise(100_000)), HEAD_BYTES)).rejects.toMatchObject({
      code: "TOO_LARGE",
    });
    expect(() => codec.encodeBody(JSON.stringify(noise(50_000)), HEAD_BYTES)).toThrow(
      expect.objectContaining({ code: "TOO_LARGE" }),
    );
  });

  it("tells how much surely fits into a frame, and how much can travel", () => {
    const facts = (codec: BodyCodec) => [codec.roomBytes, codec.mostBytes];
    expect(facts(codecOf({ profile: profileOf(262_144) }))).toEqual([261_120, 261_120]);
    expect(facts(codecOf({ profile: profileOf(262_144, "ascii") }))).toEqual([195_584, 195_584]);
    expect(facts(codecOf({ profile: profileOf(262_144), blobs: shelf() }))).toEqual([261_120, bodyLimits.decodedBytes]);
    expect(facts(codecOf({ profile: profileOf(64 * 1024 * 1024) }))).toEqual([16_777_216, 16_777_216]);
    const codec = codecOf({ profile: profileOf(262_144, "ascii") });
    expect([codec.fits(codec.roomBytes), codec.fits(codec.roomBytes + 1)]).toEqual([true, false]);
    expect([codec.fitsAsIs(196_608), codec.fitsAsIs(196_609)]).toEqual([true, false]);
  });
});

describe("a claim check", () => {
  const profile = profileOf(10_000);
  const json = JSON.stringify([noise(60_000)]);

  it.each<[Compress, "bytes" | "ascii", number[]]>([
    ["off", "bytes", [1, 5]],
    ["off", "ascii", [1, 5]],
    ["gzip", "bytes", [1, 2, 5]],
    ["zstd", "ascii", [1, 3, 5]],
    ["brotli", "bytes", [1, 4, 5]],
  ])("carries what no frame holds: %s on %s", async (compress, wire, codecs) => {
    const blobs = shelf();
    const codec = codecOf({ profile: profileOf(10_000, wire), compress, blobs });
    const encoded = received(await codec.encodeBody(json, HEAD_BYTES));
    const key = blobOf(encoded);
    expect([encoded.codecs, [...blobs.blobs.keys()]]).toEqual([codecs, [key]]);
    expect(codec.fits(HEAD_BYTES + encoded.body.length)).toBe(true);
    expect(await codec.decodeBody(encoded, wrapping.none)).toEqual({ value: JSON.parse(json) });
    await codec.removeBlob(encoded);
    expect(blobs.blobs.size).toBe(0);
    expect(await codec.decodeBody(encoded, wrapping.none)).toEqual({
      bad: "BLOB_MISSING",
      detail: `blob ${key}: it is gone`,
    });
  });

  it("is not made where the frame holds the body", async () => {
    const blobs = shelf();
    const codec = codecOf({ profile, blobs });
    for (const body of ["[]", words(50_000), JSON.stringify(noise(5_000))]) await codec.encodeBody(body, HEAD_BYTES);
    expect(blobs.blobs.size).toBe(0);
  });

  it("is kept for 14 days and as long as its task is delayed", async () => {
    const blobs = shelf();
    const day = 86_400_000;
    await codecOf({ profile, blobs }).encodeBody(json, HEAD_BYTES);
    await codecOf({ profile, blobs }).encodeBody(json, HEAD_BYTES, { delayMs: 40 * day });
    await codecOf({ profile, blobs, blobExpiryMs: 5 }).encodeBody(json, HEAD_BYTES, { delayMs: 2 });
    expect(blobs.expiries).toEqual([14 * day, 54 * day, 7]);
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array | undefined]>([
    ["gone", () => undefined],
    ["cut", (bytes) => bytes.subarray(1)],
    ["changed", (bytes) => Buffer.from(bytes).fill(0, 100, 110)],
  ])("of a blob that is %s is BLOB_MISSING", async (_, change) => {
    const blobs = shelf();
    const codec = codecOf({ profile, blobs });
    const encoded = received(await codec.encodeBody(json, HEAD_BYTES));
    for (const [key, bytes] of blobs.blobs) blobs.blobs.set(key, change(bytes) as Uint8Array);
    expect(await codec.decodeBody(encoded, wrapping.none)).toMatchObject({ bad: "BLOB_MISSING" });
  });

  it("of a blob that is a bomb is refused", async () => {
    const blobs = shelf();
    const sender = codecOf({ profile, blobs, compress: "off" });
    const encoded = received(await sender.encodeBody(json, HEAD_BYTES));
    expect(await sender.decodeBody({ ...encoded, codecs: [1, 2, 5] }, wrapping.none)).toMatchObject({
      bad: "FRAME_INVALID",
    });
  });

  it("is of a codec that a process without a blob store does not have", async () => {
    const encoded = received(await codecOf({ profile, blobs: shelf() }).encodeBody(json, HEAD_BYTES));
    const poor = codecOf({ profile });
    expect(await poor.decodeBody(encoded, wrapping.none)).toMatchObject({ bad: "CODEC_UNKNOWN" });
    expect(poor.removeBlob(encoded)).toBeUndefined();
  });

  it("is TOO_LARGE where the head alone fills a frame, and then nothing is stored", async () => {
    const blobs = shelf();
    await expect(codecOf({ profile, blobs }).encodeBody(json, 9_800)).rejects.toMatchObject({ code: "TOO_LARGE" });
    expect(blobs.blobs.size).toBe(0);
  });

  it("waits for a store that is away, then says so; nothing is lost by that", async () => {
    const clock = new VirtualClock();
    const good = shelf();
    const encoded = received(await codecOf({ profile, blobs: good, clock }).encodeBody(json, HEAD_BYTES));
    let away = true;
    const blobs = {
      ...good,
      get: (key: string, signal: AbortSignal) => (away ? Promise.reject(new Error("away")) : good.get(key, signal)),
    };
    const codec = codecOf({ profile, blobs, clock });
    const ended: unknown[] = [];
    const read = (deadline: number) =>
      (codec.decodeBody(encoded, wrapping.none, { deadline }) as Promise<unknown>).then(
        (value) => ended.push(value),
        (error: unknown) => ended.push(error),
      );
    void read(1_000);
    await clock.advanceUntil(() => ended.length === 1);
    expect(ended[0]).toMatchObject({ code: "UNAVAILABLE", message: "blob store get: away" });
    void read(60_000);
    await clock.advance(100);
    away = false;
    await clock.advanceUntil(() => ended.length === 2);
    expect(ended[1]).toEqual({ value: JSON.parse(json) });
  });
});

describe("payloads", () => {
  const codec = codecOf();
  const frame = (json: string, count: number) => ({ codecs: [1], body: Buffer.from(json), count });
  it.each([
    ["[1]", 1],
    ["[1,2,3]", 3],
    ["[]", 0],
  ])("%s are those of %d tasks", (json, count) => {
    expect(codec.payloads(frame(json, count))).toEqual({ values: JSON.parse(json) });
  });
  it.each([
    ["[1,2]", 1],
    ["[]", 1],
    ['{"length":1}', 1],
    ['"x"', 1],
    ["null", 0],
  ])("%s are not those of %d", (json, count) => {
    expect(codec.payloads(frame(json, count))).toEqual({ bad: "FRAME_INVALID", detail: "not one payload a task" });
  });
  it("may take time", async () => {
    const encoded = received(await codec.encodeBody(words(500_000), HEAD_BYTES));
    expect(await codec.payloads({ ...encoded, count: 1 })).toEqual({ values: JSON.parse(words(500_000)) });
    const deep = received(await codec.encodeBody(`${"[".repeat(2_000)}${"]".repeat(2_000)}`, HEAD_BYTES));
    expect(await codec.payloads({ ...deep, count: 1 })).toEqual({
      bad: "FRAME_INVALID",
      detail: "nested deeper than 64",
    });
  });
});
