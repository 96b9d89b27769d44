// For tests only: neither brings types.
declare module "lz4js" {
  /** A frame of the LZ4 format. */
  export function compress(bytes: Uint8Array): Uint8Array;
  export function decompress(frame: Uint8Array): Uint8Array;
}

declare module "snappyjs" {
  export function compress(bytes: Buffer): Buffer;
  export function uncompress(bytes: Buffer): Buffer;
}
