import type { Counters, Frame, OutFrame } from "../contract/index.ts";
import { bytesOf, copyBytes, OutgoingFrame, rewrite } from "./frame.ts";

/** Its time, for which a frame waits, and if not in its work queue, where and until when. */
export interface Waiting {
  readonly dueAt: number;
  readonly queue?: string;
  readonly lane?: string;
  readonly leaveAt?: number;
}

/** A frame in hand, sent on under the next name of its line: into its work queue after `delayMs`, or to where it waits. */
export function hopFrame(frame: Frame, counters: Counters, delayMs: number, waiting?: Waiting): OutFrame {
  const { key, leaveAt } = frame;
  const options = { first: false, delayMs, key, id: frame.tasks[0]?.id };
  // The usual copy has nothing to say but its counters.
  if (waiting === undefined && leaveAt === undefined)
    return new OutgoingFrame(copyBytes(bytesOf(frame), counters), options);
  const place = { queue: undefined, lane: undefined, leaveAt: undefined, ...waiting };
  return new OutgoingFrame(
    rewrite(frame, counters, (extension) => ({ ...extension, ...place })),
    options,
  );
}
