import { promisify } from "node:util";
import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from "node:zlib";

/** A way to make bytes fewer, by node:zlib: here on the spot (`Now`), or on one of its threads (`Apart`). */
export interface Compression {
  /** Its number in a header. */
  readonly codec: number;
  readonly name: "gzip" | "zstd" | "brotli";
  foldNow(plain: Uint8Array): Uint8Array;
  foldApart(plain: Uint8Array): Promise<Uint8Array>;
  /** Throw what zlib throws, also as soon as there are more than `plainBytes`. */
  unfoldNow(folded: Uint8Array, plainBytes: number): Uint8Array;
  unfoldApart(folded: Uint8Array, plainBytes: number): Promise<Uint8Array>;
  /** So many bytes can come of one at most. */
  readonly mostRatio: number;
  /** Would reading the first bytes alone take more room than `plainBytes` call for? */
  isWide(folded: Uint8Array, plainBytes: number): boolean;
}

const CHUNK_BYTES = 65_536;

/** One piece of memory for the whole output where that is small: zlib's usual 16 KiB are too much for most, and too many pieces for a large one. */
function chunk(bytes: number): number {
  return Math.max(64, Math.min(bytes, CHUNK_BYTES));
}

function bound(plainBytes: number) {
  return { maxOutputLength: plainBytes, chunkSize: chunk(plainBytes) };
}

/** The least power of two that is a window over so many bytes, within what brotli has. */
function windowBits(plainBytes: number): number {
  return Math.min(24, Math.max(10, 32 - Math.clz32(plainBytes + 15)));
}

// Levels: measured on JSON of 64 KiB. gzip 3: 2.1 ms to 25 % (6: 3.0 ms to 23 %); zstd 3: 0.7 ms to 24 %; brotli 4: 2.1 ms to 23 % (its own 11: 100 ms).
const GZIP_LEVEL = 3;
const ZSTD_LEVEL = 3;
const BROTLI_QUALITY = 4;

const gzipOptions = (plain: Uint8Array) => ({ level: GZIP_LEVEL, chunkSize: chunk(plain.length) });
const zstdOptions = (plain: Uint8Array) => ({
  params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL },
  // Its window is then no larger than the content.
  pledgedSrcSize: plain.length,
  chunkSize: chunk(plain.length),
});
const zstdBound = (plainBytes: number) => ({
  ...bound(plainBytes),
  params: { [constants.ZSTD_d_windowLogMax]: windowBits(plainBytes) },
});
const brotliOptions = (plain: Uint8Array) => ({
  params: {
    [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    [constants.BROTLI_PARAM_LGWIN]: windowBits(plain.length),
  },
  chunkSize: chunk(plain.length),
});

const apart = {
  gzip: promisify<Uint8Array, object, Buffer>(gzip),
  gunzip: promisify<Uint8Array, object, Buffer>(gunzip),
  zstd: promisify<Uint8Array, object, Buffer>(zstdCompress),
  unzstd: promisify<Uint8Array, object, Buffer>(zstdDecompress),
  brotli: promisify<Uint8Array, object, Buffer>(brotliCompress),
  unbrotli: promisify<Uint8Array, object, Buffer>(brotliDecompress),
};

/** By name. The numbers stand in frames for ever: never change one; add more. */
export const compressions: Readonly<Record<Compression["name"], Compression>> = Object.freeze({
  gzip: Object.freeze<Compression>({
    codec: 2,
    name: "gzip",
    foldNow: (plain) => gzipSync(plain, gzipOptions(plain)),
    foldApart: (plain) => apart.gzip(plain, gzipOptions(plain)),
    unfoldNow: (folded, plainBytes) => gunzipSync(folded, bound(plainBytes)),
    unfoldApart: (folded, plainBytes) => apart.gunzip(folded, bound(plainBytes)),
    // Deflate: at best two bits for 258 bytes.
    mostRatio: 1_032,
    isWide: () => false,
  }),
  zstd: Object.freeze<Compression>({
    codec: 3,
    name: "zstd",
    foldNow: (plain) => zstdCompressSync(plain, zstdOptions(plain)),
    foldApart: (plain) => apart.zstd(plain, zstdOptions(plain)),
    unfoldNow: (folded, plainBytes) => zstdDecompressSync(folded, zstdBound(plainBytes)),
    unfoldApart: (folded, plainBytes) => apart.unzstd(folded, zstdBound(plainBytes)),
    // A block has four bytes at least, and 128 KiB at most.
    mostRatio: 32_768,
    // zlib is told the widest window, and refuses by itself.
    isWide: () => false,
  }),
  brotli: Object.freeze<Compression>({
    codec: 4,
    name: "brotli",
    foldNow: (plain) => brotliCompressSync(plain, brotliOptions(plain)),
    foldApart: (plain) => apart.brotli(plain, brotliOptions(plain)),
    unfoldNow: (folded, plainBytes) => brotliDecompressSync(folded, bound(plainBytes)),
    unfoldApart: (folded, plainBytes) => apart.unbrotli(folded, bound(plainBytes)),
    mostRatio: Number.POSITIVE_INFINITY,
    // It fills its window before it shows a byte: 16 MiB, in 20 ms, whatever bound it was given.
    isWide: (folded, plainBytes) => brotliWindowBits(folded[0] ?? 0) > windowBits(plainBytes),
  }),
});

/** RFC 7932, section 9.1: the first one to seven bits of a stream. Large windows (`0010001`) count as the largest. */
function brotliWindowBits(first: number): number {
  if ((first & 1) === 0) return 16;
  const three = (first >>> 1) & 7;
  if (three !== 0) return 17 + three;
  const more = (first >>> 4) & 7;
  if (more === 0) return 17;
  return more === 1 ? 30 : 8 + more;
}

const byCodec: ReadonlyMap<number, Compression> = new Map(
  Object.values(compressions).map((compression) => [compression.codec, compression]),
);

export function compressionOf(codec: number): Compression | undefined {
  return byCodec.get(codec);
}
