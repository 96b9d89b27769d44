import type { BrowsePage, Page } from "../contract/index.ts";
import { comesBefore } from "./delays.ts";
import { MemoryError } from "./memory-error.ts";
import { PRIORITY_LEVELS } from "./profile.ts";
import type { QueueFrames } from "./queue-frames.ts";
import type { Ring } from "./ring.ts";
import type { StoredFrame } from "./stored-frame.ts";

type State = "ready" | "delayed" | "leased";

/** Where a page ends: `major` is the level of a ready frame and the due time of a delayed one, `minor` the sequence. Stays good while frames go. */
interface Place {
  readonly state: State;
  readonly major: number;
  readonly minor: number;
}

const START: Place = { state: "ready", major: PRIORITY_LEVELS - 1, minor: -1 };
const CURSOR = /^(ready|delayed|leased):([\d.e+]+):(\d+)$/;

/** One page: what is ready in the order of its hand-out (but for the rule against starvation), then delayed by due time, then leased by age. */
export function browsePage(queue: QueueFrames, page: Page): BrowsePage {
  const max = Math.max(1, page.max);
  const frames: { bytes: Uint8Array; state: State }[] = [];
  let last = START;
  for (const [frame, place] of framesAfter(queue, page.cursor === undefined ? START : readCursor(page.cursor))) {
    if (frames.length === max) return { frames, cursor: `${last.state}:${last.major}:${last.minor}` };
    frames.push({ bytes: frame.bytes, state: place.state });
    last = place;
  }
  return { frames };
}

function* framesAfter(queue: QueueFrames, from: Place): Generator<[StoredFrame, Place]> {
  if (from.state === "ready") {
    for (let level = from.major; level >= 0; level -= 1) {
      const ring = queue.ready.levels[level] as Ring;
      for (let at = level === from.major ? ring.placeAfter(from.minor) : 0; at < ring.size; at += 1) {
        yield [ring.at(at), { state: "ready", major: level, minor: ring.at(at).sequence }];
      }
    }
  }
  if (from.state !== "leased") {
    const delayed = queue.delays.frames.filter(({ dueAtMs, sequence }) => {
      if (from.state === "ready" || dueAtMs > from.major) return true;
      return dueAtMs === from.major && sequence > from.minor;
    });
    delayed.sort((one, other) => (comesBefore(one, other) ? -1 : 1));
    for (const frame of delayed) yield [frame, { state: "delayed", major: frame.dueAtMs, minor: frame.sequence }];
  }
  const leased: StoredFrame[] = [];
  for (const { frame } of queue.leases.grants()) {
    if (frame !== undefined && (from.state !== "leased" || frame.sequence > from.minor)) leased.push(frame);
  }
  leased.sort((one, other) => one.sequence - other.sequence);
  for (const frame of leased) yield [frame, { state: "leased", major: 0, minor: frame.sequence }];
}

function readCursor(cursor: string): Place {
  const parts = CURSOR.exec(cursor);
  const place = { state: parts?.[1] as State, major: Number(parts?.[2]), minor: Number(parts?.[3]) };
  const isLevel = Number.isInteger(place.major) && place.major < PRIORITY_LEVELS;
  if (place.state === "ready" ? isLevel : Number.isFinite(place.major)) return place;
  throw new MemoryError("MISMATCH", "the cursor is not one of the memory backend's");
}
