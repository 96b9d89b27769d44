import type { Counters, Frame, OutFrame } from "../contract/index.ts";
import { bytesOf, copyBytes, OutgoingFrame, rewrite } from "./frame.ts";

/** Where a frame waits for its time, and until when; absent: it goes into its work queue. */
export interface Waiting {
  readonly queue: string;
  readonly lane: string;
  readonly dueAt: number;
  readonly leaveAt: number;
}

/** A frame in hand, sent on under the next name of its line: into its work queue after `delayMs`, or to where it waits. */
export function hopFrame(frame: Frame, counters: Counters, delayMs: number, waiting?: Waiting): OutFrame {
  const { key, dueAt } = frame;
  const options = { first: false, delayMs, key, id: frame.tasks[0]?.id };
  // The usual copy has nothing to say but its counters.
  if (waiting === undefined && dueAt === undefined)
    return new OutgoingFrame(copyBytes(bytesOf(frame), counters), options);
  const place = waiting ?? { queue: undefined, lane: undefined, dueAt: undefined, leaveAt: undefined };
  return new OutgoingFrame(
    rewrite(frame, counters, (extension) => ({ ...extension, ...place })),
    options,
  );
}
