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
  const size = fitting.reduce((sum, frame, index) => sum + 1 + frameSize(frame, ids[index]), 0);
  const blob = new Blob(size);
  fitting.forEach((frame, index) => {
    blob.byte(frame.first ? 1 : 0).frame(frame, ids[index]);
  });
  const args = [place.kind, dedupeWindowMs, place.keepMs, blob.end()];
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
