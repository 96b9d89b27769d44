import type { Profile, Queue } from "../contract/index.ts";
import { MIDDLE_LANE } from "../queues.ts";
import { span } from "./span.ts";

/** What a queue goes on without, where it may not be made. */
export interface Absent {
  /** There is one lane, the middle one: of the others' queues at least one is not there. */
  readonly lanes: boolean;
  /** There is no queue in which a delay could wait that is longer than the broker's own. */
  readonly later: boolean;
}

export const nothingAbsent: Absent = Object.freeze({ lanes: false, later: false });

/**
 * What goes on without these queues; `undefined` where none is known, or one of them is needed: the middle lane, the dead letters, a reply queue, and what delays wait in
 * where the broker has none of its own, since the pause before a retry is a delay, too. Lanes are there all or not at all: whoever finds one of them
 * missing leaves the others alone, so that all processes come to the same lanes, whichever of the queues they ask for. Pure.
 */
export function absentOf({ sendDelayMs }: Profile, missing: readonly Queue[]): Absent | undefined {
  let { lanes, later } = nothingAbsent;
  for (const { role, name } of missing) {
    if (role === "work" && name !== MIDDLE_LANE) lanes = true;
    else if (role === "later" && sendDelayMs > 0) later = true;
    else return undefined;
  }
  return lanes || later ? { lanes, later } : undefined;
}

/** What is refused therefore, for people. */
export function refusedWithout({ sendDelayMs }: Profile, { lanes, later }: Absent): string {
  return [lanes && NO_LANES, later && noLater(sendDelayMs)].filter(Boolean).join("; ");
}

export const NO_LANES = "one lane: priorities other than 4 to 6 are refused";

export function noLater(nativeMs: number): string {
  return `delays above ${span(nativeMs)} are refused, longer pauses before a retry end then`;
}
