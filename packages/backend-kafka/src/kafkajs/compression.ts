import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import kafkajs, { type CompressionTypes } from "kafkajs";

/** What turns a batch of records into fewer bytes, and back; `kafkajs-snappy` and `kafkajs-lz4` export such. */
export interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

const { CompressionCodecs, CompressionTypes: Types } = kafkajs;

export const compressions = ["none", "gzip", "zstd", "lz4", "snappy"] as const;
export type Compression = (typeof compressions)[number];

/** kafkajs's own place for codecs, one for a process. */
const known: Record<number, () => unknown> = CompressionCodecs;

const TYPES: Readonly<Record<Compression, CompressionTypes>> = {
  none: Types.None,
  gzip: Types.GZIP,
  zstd: Types.ZSTD,
  lz4: Types.LZ4,
  snappy: Types.Snappy,
};

const zstd: Codec = {
  compress: ({ buffer }) => promisify(zstdCompress)(buffer),
  decompress: (bytes) => promisify(zstdDecompress)(bytes),
};

/**
 * Says kafkajs's word for it, and teaches it what it does not know: kafkajs keeps its codecs once for a process. What somebody else has taught it stays,
 * unless a codec is given. Answers `undefined` where there is none.
 */
export function useCompression(
  compression: Compression,
  codecs: Readonly<Partial<Record<Compression, Codec>>> = {},
): CompressionTypes | undefined {
  for (const [name, codec] of Object.entries(codecs) as [Compression, Codec][]) known[TYPES[name]] = () => codec;
  if (!isKnown("zstd")) known[Types.ZSTD] = () => zstd;
  return compression === "none" || isKnown(compression) ? TYPES[compression] : undefined;
}

/** kafkajs has a place holder for each, which throws when it is asked for the codec. */
function isKnown(compression: Compression): boolean {
  try {
    return known[TYPES[compression]]?.() !== undefined;
  } catch {
    return false;
  }
}

/** Is there a codec for it? As a topic's `compression.type` says it, which may also be that there is none, or the sender's. */
export function unfolds(compression: string): boolean {
  return !(compression in TYPES) || isKnown(compression as Compression);
}

/** What unfolds batches that say this number of themselves. Throws where there is none. */
export function codecOf(type: number): Pick<Codec, "decompress"> {
  const codec = known[type]?.();
  if (codec === undefined) throw new Error(`there is no codec for compression ${type}`);
  return codec as Codec;
}
