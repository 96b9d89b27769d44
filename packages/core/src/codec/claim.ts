import { createHash, randomBytes } from "node:crypto";
import { BLOB_KEY } from "../contract/blob-store.ts";
import type { BadFrame, Clock, Frame } from "../contract/index.ts";
import { bodyLimits } from "./json.ts";

/** The number of the claim check in a header: the body lies in a blob store, and this stands in its place. */
export const CLAIM_CODEC = 5;

/** What a frame says of a body that lies elsewhere; as JSON it is about 140 bytes. */
export interface Claim {
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Above this it is no claim of ours. */
const CLAIM_BYTES = 512;

/** Hashed at a time: 1 MiB takes about 2 ms. */
const SLICE_BYTES = 1024 * 1024;

const SHA256 = /^[0-9a-f]{64}$/;

/** A claim for a blob that is still to be put: its key is new. */
export async function claimFor(bytes: Uint8Array, clock: Pick<Clock, "soon">): Promise<Claim> {
  return { key: randomBytes(16).toString("hex"), bytes: bytes.length, sha256: await sha256Of(bytes, clock) };
}

/** A claim from outside, or why it is none. No key that is not of our pattern ever leaves this function. */
export function readClaim(body: Uint8Array): Claim | BadFrame {
  const refused: BadFrame = { bad: "FRAME_INVALID", detail: "not a claim check" };
  if (body.length > CLAIM_BYTES) return refused;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    if (typeof parsed !== "object" || parsed === null) return refused;
    const { key, bytes, sha256 } = parsed as Partial<Record<keyof Claim, unknown>>;
    if (typeof key !== "string" || !BLOB_KEY.test(key) || typeof sha256 !== "string" || !SHA256.test(sha256))
      return refused;
    if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 1) return refused;
    if (bytes > bodyLimits.decodedBytes) return { bad: "FRAME_INVALID", detail: `a blob of ${bytes} bytes` };
    return { key, bytes, sha256 };
  } catch {
    return refused;
  }
}

/** The blob of a claim as it was put, or why the task cannot have it. */
export async function checkBlob(
  blob: Uint8Array | undefined,
  claim: Claim,
  clock: Pick<Clock, "soon">,
): Promise<Uint8Array | BadFrame> {
  const missing = (detail: string): BadFrame => ({ bad: "BLOB_MISSING", detail: `blob ${claim.key}: ${detail}` });
  if (!(blob instanceof Uint8Array)) return missing("it is gone");
  if (blob.length !== claim.bytes) return missing(`${blob.length} bytes instead of ${claim.bytes}`);
  return (await sha256Of(blob, clock)) === claim.sha256 ? blob : missing("its checksum is another");
}

/** The key of the blob in which the body of a frame lies, if it does. Whoever ends the frame for good removes it. */
export function blobOf({ codecs, body }: Pick<Frame, "codecs" | "body">): string | undefined {
  if (!codecs.includes(CLAIM_CODEC)) return undefined;
  const claim = readClaim(body);
  return "bad" in claim ? undefined : claim.key;
}

/** In slices, with the event loop free between them. */
async function sha256Of(bytes: Uint8Array, clock: Pick<Clock, "soon">): Promise<string> {
  const hash = createHash("sha256");
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    if (start > 0) await new Promise<void>((resolve) => clock.soon(resolve));
    hash.update(bytes.subarray(start, start + SLICE_BYTES));
  }
  return hash.digest("hex");
}
