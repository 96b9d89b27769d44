import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { cpuMs } from "../testing/cpu-time.ts";
import { type Compression, compressions } from "./compression.ts";
import { fold, NOW_BYTES, unfold } from "./folding.ts";
import { bodyLimits } from "./json.ts";
import { noise } from "./testing.ts";
import { Turn } from "./turn.ts";

const all = Object.values(compressions);
const turn = () => new Turn(systemClock());
const sized = (plainBytes: number, folded: Uint8Array) => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(plainBytes);
  return Buffer.concat([size, folded]);
};
const text = (bytes: number) =>
  Buffer.from("some words that come again, some do not; ".repeat(bytes / 40).slice(0, bytes));

/** What zlib makes of zeros with its own settings, whoever sends it. */
const zeros: Readonly<Record<Compression["name"], (bytes: number) => Buffer>> = {
  gzip: (bytes) => gzipSync(Buffer.alloc(bytes)),
  zstd: (bytes) => zstdCompressSync(Buffer.alloc(bytes)),
  brotli: (bytes) => brotliCompressSync(Buffer.alloc(bytes), { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
};

describe.each(all)("$name", (compression) => {
  it.each([40, 1_000, NOW_BYTES, NOW_BYTES + 1, 1_000_000])("brings back %d bytes, fewer on the way", async (bytes) => {
    const plain = text(bytes);
    const folded = (await fold(compression, Buffer.concat([plain, plain]), turn())) as Buffer;
    expect(folded.length).toBeLessThan(bytes * 2);
    expect(Buffer.from((await unfold(compression, folded, turn())) as Uint8Array)).toEqual(
      Buffer.concat([plain, plain]),
    );
  });

  it("works on the spot up to 64 KiB, on a thread beyond", async () => {
    const small = fold(compression, text(NOW_BYTES), turn());
    const large = fold(compression, text(NOW_BYTES + 1), turn());
    expect([small, large].map((answer) => answer instanceof Promise)).toEqual([false, true]);
    const answers = [
      unfold(compression, (await small) as Buffer, turn()),
      unfold(compression, (await large) as Buffer, turn()),
    ];
    expect(answers.map((answer) => answer instanceof Promise)).toEqual([false, true]);
    await Promise.all(answers);
  });

  it.each([1, 10, 2_000, 100_000])("leaves %d bytes of noise alone", async (bytes) => {
    const plain = Buffer.from(Array.from(noise(bytes), (letter) => letter.charCodeAt(0) ^ (Math.random() * 256)));
    expect(await fold(compression, plain, turn())).toBeUndefined();
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["a size alone", sized(9, Buffer.alloc(0))],
    ["a size of nothing", sized(0, Buffer.from("x"))],
    ["noise", sized(100, Buffer.from(noise(100)))],
    ["noise that is large", sized(NOW_BYTES + 1, Buffer.from(noise(100_000)))],
  ])("refuses %s", async (_, bytes) => {
    expect(await unfold(compression, bytes, turn())).toMatchObject({ bad: "FRAME_INVALID" });
  });

  it("refuses whatever was cut, at every byte", async () => {
    const folded = (await fold(compression, text(400), turn())) as Buffer;
    for (let length = 0; length < folded.length; length += 1)
      expect(await unfold(compression, folded.subarray(0, length), turn())).toMatchObject({ bad: "FRAME_INVALID" });
  });

  it.each([1, -1])("refuses a size that is wrong by %d", async (by) => {
    const folded = (await fold(compression, text(5_000), turn())) as Buffer;
    folded.writeUInt32BE(5_000 + by);
    expect(await unfold(compression, folded, turn())).toMatchObject({ bad: "FRAME_INVALID" });
  });

  it("reads just its own part of a larger buffer", async () => {
    const folded = (await fold(compression, text(5_000), turn())) as Buffer;
    const around = Buffer.concat([Buffer.alloc(7, 9), folded, Buffer.alloc(7, 9)]);
    expect(
      Buffer.from((await unfold(compression, around.subarray(7, 7 + folded.length), turn())) as Uint8Array),
    ).toEqual(text(5_000));
  });

  describe("a bomb of 64 MiB", () => {
    const bomb = zeros[compression.name](64 * 1024 * 1024);
    const timed = async (bytes: Uint8Array) => {
      let bestMs = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 3; round += 1) {
        const startedAt = cpuMs();
        const answer = unfold(compression, bytes, turn());
        bestMs = Math.min(bestMs, cpuMs() - startedAt);
        expect(await answer).toMatchObject({ bad: "FRAME_INVALID" });
      }
      return bestMs;
    };

    it("that says so is refused before anything is unfolded", async () => {
      const answer = unfold(compression, sized(bodyLimits.decodedBytes + 1, bomb), turn());
      expect(answer).toEqual({ bad: "FRAME_INVALID", detail: `${compression.name}: a body of 16777217 bytes` });
      expect(unfold(compression, sized(0xffff_ffff, bomb), turn())).toHaveProperty("bad");
    });

    it.each([1, 1_000, NOW_BYTES, bodyLimits.decodedBytes])(
      "that says %d bytes costs no more than these, and holds nobody up",
      async (bytes) => {
        expect(await timed(sized(bytes, bomb))).toBeLessThan(50);
      },
    );
  });
});

it("refuses what so few bytes cannot be, without a look at them", () => {
  expect(unfold(compressions.gzip, sized(103_201, Buffer.alloc(100)), turn())).toEqual({
    bad: "FRAME_INVALID",
    detail: "gzip: 100 bytes that cannot be 103201",
  });
  expect(unfold(compressions.zstd, sized(327_681, Buffer.alloc(10)), turn())).toMatchObject({ bad: "FRAME_INVALID" });
});

describe("the window of a brotli stream", () => {
  const stream = (bits: number, plain: Buffer) =>
    brotliCompressSync(plain, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: bits },
    });
  it.each(Array.from({ length: 15 }, (_, index) => 10 + index))(
    "of %d bits is read, and held against the size",
    (bits) => {
      const plain = text(100);
      const fits = Buffer.alloc(2 ** bits - 16, 7);
      expect(compressions.brotli.isWide(stream(bits, fits), fits.length)).toBe(false);
      expect(compressions.brotli.isWide(stream(bits, plain), plain.length)).toBe(bits > 10);
      if (bits > 10) expect(compressions.brotli.isWide(stream(bits, plain), 2 ** (bits - 1) - 16)).toBe(true);
    },
  );
});

it("most that can come of one byte is what deflate and zstd really do at best", () => {
  const bytes = 64 * 1024 * 1024;
  expect(zeros.gzip(bytes).length * compressions.gzip.mostRatio).toBeGreaterThan(bytes);
  expect(zeros.zstd(bytes).length * compressions.zstd.mostRatio).toBeGreaterThan(bytes);
});
