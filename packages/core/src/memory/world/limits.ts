import type { OutFrame, Profile, SendOutcome, Settlement } from "../../contract/index.ts";
import { MemoryError } from "../memory-error.ts";

/** A broker refuses a call that is too large as a whole; core is there to cut it. */
export function checkBatch({ limits }: Profile, items: number): void {
  if (items > limits.batchFrames)
    throw new MemoryError("TOO_LARGE", `a call of ${items} items is above the limit of ${limits.batchFrames}`);
}

export function checkBytes({ limits }: Profile, frames: readonly OutFrame[]): void {
  if (frames.length < 2) return;
  const bytes = frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
  // A frame that is too large by itself is refused by itself.
  if (bytes > limits.batchBytes && frames.every((frame) => frame.bytes.length <= limits.frameBytes))
    throw new MemoryError("TOO_LARGE", `a call of ${bytes} bytes is above the limit of ${limits.batchBytes}`);
}

/** Why a frame cannot be sent; `undefined` if it can. */
export function refusedFrame(profile: Profile, frame: OutFrame): SendOutcome | undefined {
  const { limits, wire, sendDelayMs } = profile;
  const { bytes, delayMs } = frame;
  if (bytes.length > limits.frameBytes)
    return failed("TOO_LARGE", `a frame of ${bytes.length} bytes is above the limit of ${limits.frameBytes}`);
  if (delayMs > sendDelayMs)
    return failed("MISMATCH", `a send is delayed by ${sendDelayMs} ms at most, not ${delayMs}`);
  if (wire === "ascii" && !isText(bytes))
    return failed("MISMATCH", "a frame must be printable ASCII text, and not empty");
  return undefined;
}

/** Why a frame cannot be released so; `undefined` if it can. */
export function refusedRelease(
  { releaseDelayMs }: Profile,
  settlement: Settlement,
): { failed: MemoryError } | undefined {
  if (settlement.kind === "ack" || settlement.delayMs <= releaseDelayMs) return undefined;
  const { delayMs } = settlement;
  return failed("MISMATCH", `a release is delayed by ${releaseDelayMs} ms at most, not ${delayMs}`);
}

function failed(code: "TOO_LARGE" | "MISMATCH", message: string): { failed: MemoryError } {
  return { failed: new MemoryError(code, message) };
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const TILDE = 0x7e;

/** What SQS takes of ASCII: #x9, #xA, #xD, #x20 and above (SendMessage, "MessageBody"); at least one character. */
function isText(bytes: Uint8Array): boolean {
  const isAllowed = (byte: number) =>
    (byte >= SPACE && byte <= TILDE) || byte === TAB || byte === NEWLINE || byte === RETURN;
  return bytes.length > 0 && bytes.every(isAllowed);
}
