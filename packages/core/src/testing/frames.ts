import { copyBytes, decodeFrame } from "../codec/frame.ts";
import { type NewTask, probeFrame, taskFrame } from "../codec/maker.ts";
import type { Counters, Frame, OutFrame } from "../contract/index.ts";

// For tests only; not a part of the package.

/** A run's name, the same in every test. */
export const RUN = Buffer.from("test-run").toString("base64url");

export interface FrameOptions extends Partial<NewTask>, Partial<Counters> {}

/** A task as it goes out. */
export function outFrame(options: FrameOptions = {}): OutFrame {
  return taskFrame({
    run: RUN,
    index: 0,
    task: "default",
    payload: null,
    coordinator: "c1",
    priority: 5,
    delayMs: 0,
    key: undefined,
    id: undefined,
    headers: undefined,
    deadlineAt: undefined,
    sentAt: 1_000,
    ...options,
  });
}

/** A task as a worker gets it; the counters are 0 unless given. */
export function frameOf(options: FrameOptions = {}): Frame {
  const { round = 0, attempt = 0, copy = 0, lost = 0 } = options;
  return decoded(copyBytes(outFrame(options).bytes, { round, attempt, copy, lost }));
}

export function probeOf(sequence: number, coordinator = "c1"): Frame {
  return decoded(probeFrame(RUN, sequence, coordinator, 5, 1_000).bytes);
}

export function decoded(bytes: Uint8Array): Frame {
  const frame = decodeFrame(bytes, "default", "normal");
  if ("bad" in frame) throw new TypeError(frame.detail);
  return frame;
}

/** The JSON in a frame's body. */
export function bodyOf({ bytes }: { readonly bytes: Uint8Array }): unknown {
  return JSON.parse(Buffer.from(decoded(bytes).body).toString("utf8"));
}
