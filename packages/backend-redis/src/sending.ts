import type { OutFrame, Queue, SendOutcome } from "@org/dispatch-core/contract";
import { Blob, frameSize } from "./blob.ts";
import { tooLarge } from "./redis-error.ts";
import { scripts } from "./script.ts";
import type { ScriptRunner } from "./script-runner.ts";
import { idOf, sendOutcomes } from "./wire.ts";

export interface SendPort {
  readonly runner: ScriptRunner;
  readonly frameBytes: number;
  readonly dedupeWindowMs: number;
}

/**
 * From here on a frame is an argument of its own. Lua hashes every byte of every text that it is given (1 ns each): cut out of the blob, that is done
 * twice. Short ones cost more as arguments, at the client and in the server's parser.
 */
const APART_BYTES = 2_048;

const FIRST = 1;
const APART = 2;
const NOTHING = new Uint8Array();

/** All in one script; a frame that is too large fails by itself. */
export async function sendFrames(
  { runner, frameBytes, dedupeWindowMs }: SendPort,
  queue: Queue,
  frames: readonly OutFrame[],
  signal: AbortSignal,
): Promise<readonly SendOutcome[]> {
  const place = runner.place(queue);
  const fitting = frames.filter(({ bytes }) => bytes.length <= frameBytes);
  const ids = fitting.map((frame) => idOf(place, frame));
  const apart: Buffer[] = [];
  const inside = fitting.map(({ bytes }) => {
    if (bytes.length < APART_BYTES) return bytes;
    apart.push(bufferOf(bytes));
    return NOTHING;
  });
  const size = fitting.reduce((sum, frame, index) => sum + 1 + frameSize(frame, ids[index], inside[index]), 0);
  const blob = new Blob(size);
  fitting.forEach((frame, index) => {
    const kind = (frame.first ? FIRST : 0) + (inside[index] === NOTHING ? APART : 0);
    blob.byte(kind).frame(frame, ids[index], inside[index]);
  });
  const args = [place.kind, dedupeWindowMs, place.keepMs, blob.end(), ...apart];
  const answer = fitting.length === 0 ? Buffer.alloc(0) : await runner.write(scripts.send, [place], args, signal);
  const outcomes = sendOutcomes(answer as Buffer, fitting.length);
  if (fitting.length === frames.length) return outcomes;
  let taken = 0;
  return frames.map(({ bytes }) => {
    if (bytes.length > frameBytes) return { failed: tooLarge(bytes.length, frameBytes) };
    taken += 1;
    return outcomes[taken - 1] as SendOutcome;
  });
}

/** The same memory, as the client takes it. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
