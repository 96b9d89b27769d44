import type { BadFrame } from "../contract/index.ts";
import { printed } from "../errors.ts";
import type { Eventual } from "../eventual.ts";
import type { Compression } from "./compression.ts";
import { bodyLimits } from "./json.ts";
import type { Turn } from "./turn.ts";

/** Up to so many bytes (unfolded) a body is folded and unfolded on the spot: 64 KiB take 0.2 to 2 ms, a thread and its promise about 0.1. */
export const NOW_BYTES = 65_536;

/**
 * A folded body begins with the size that it unfolds to, 4 bytes, big-endian. So a bomb is refused before anything is unfolded, one that lies about it
 * is stopped there, and the reader knows beforehand what will be quick.
 */
const SIZE_BYTES = 4;

/** The plain bytes compressed, or `undefined` where they would not become fewer. Never throws. */
export function fold(compression: Compression, plain: Buffer, turn: Turn): Eventual<Buffer | undefined> {
  const sized = (folded: Uint8Array): Buffer | undefined => {
    if (folded.length + SIZE_BYTES >= plain.length) return undefined;
    const bytes = Buffer.allocUnsafe(SIZE_BYTES + folded.length);
    bytes.writeUInt32BE(plain.length, 0);
    bytes.set(folded, SIZE_BYTES);
    return bytes;
  };
  // What zlib has no memory for goes as it is.
  if (plain.length > NOW_BYTES) return compression.foldApart(plain).then(sized, () => undefined);
  return turn.spend(() => {
    try {
      return sized(compression.foldNow(plain));
    } catch {
      return undefined;
    }
  });
}

/** Bytes from outside, unfolded, or why not. Never throws. */
export function unfold(compression: Compression, bytes: Uint8Array, turn: Turn): Eventual<Uint8Array | BadFrame> {
  const { name } = compression;
  if (bytes.length <= SIZE_BYTES) return bad(`${name}: cut short`);
  const plainBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const folded = bytes.subarray(SIZE_BYTES);
  if (plainBytes === 0 || plainBytes > bodyLimits.decodedBytes) return bad(`${name}: a body of ${plainBytes} bytes`);
  if (plainBytes > folded.length * compression.mostRatio || compression.isWide(folded, plainBytes)) {
    return bad(`${name}: ${folded.length} bytes that cannot be ${plainBytes}`);
  }
  const whole = (plain: Uint8Array): Uint8Array | BadFrame =>
    plain.length === plainBytes ? plain : bad(`${name}: ${plain.length} bytes instead of ${plainBytes}`);
  const failed = (error: unknown) => bad(`${name}: ${printed(error)}`);
  if (plainBytes > NOW_BYTES) return compression.unfoldApart(folded, plainBytes).then(whole, failed);
  return turn.spend(() => {
    try {
      return whole(compression.unfoldNow(folded, plainBytes));
    } catch (error) {
      return failed(error);
    }
  });
}

function bad(detail: string): BadFrame {
  return { bad: "FRAME_INVALID", detail };
}
