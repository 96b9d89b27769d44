import type { Profile } from "../contract/index.ts";
import { MIDDLE_LANE } from "../queues.ts";
import type { Absent } from "./absent.ts";

/** One band of priorities, which has a work queue of its own. */
export interface Lane {
  readonly name: string;
  /** The priorities that it takes, both ends included. */
  readonly least: number;
  readonly most: number;
  /** Its share, where all lanes have something to do. */
  readonly weight: number;
}

/** Highest first. The weights keep a flood from starving the others: of twelve starts in a row, the low lane has one. */
export const threeLanes: readonly Lane[] = Object.freeze([
  Object.freeze({ name: "high", least: 7, most: 10, weight: 8 }),
  Object.freeze({ name: MIDDLE_LANE, least: 4, most: 6, weight: 3 }),
  Object.freeze({ name: "low", least: 0, most: 3, weight: 1 }),
]);

const oneLane: readonly Lane[] = Object.freeze([Object.freeze({ name: MIDDLE_LANE, least: 0, most: 10, weight: 1 })]);
/** What is left of the three where the queues of the others are not there. */
const middleLane: readonly Lane[] = threeLanes.slice(1, 2);

/** Does the broker keep the eleven priorities by itself? */
export function hasPriorities(profile: Profile): boolean {
  return profile.priorityLevels >= 11 && profile.priorityOrder === "strict";
}

/** The lanes of a backend: one where it has priorities of its own, else three, or the middle one where the others' queues are absent. */
export function lanesOf(profile: Profile, absent?: Absent): readonly Lane[] {
  if (hasPriorities(profile)) return oneLane;
  return absent?.lanes ? middleLane : threeLanes;
}

/** Undefined where it has none. */
export function laneFor(lanes: readonly Lane[], priority: number): Lane | undefined {
  return lanes.find(({ least, most }) => priority >= least && priority <= most);
}

/** A single lane takes what there is, also what was sent when there were others: a dead letter, say. */
export function laneOf(lanes: readonly Lane[], priority: number): Lane {
  if (lanes.length === 1) return lanes[0] as Lane;
  const lane = laneFor(lanes, priority);
  if (lane === undefined) throw new RangeError(`priority ${priority} is in no lane`);
  return lane;
}

/** What one worker may do before a frame's turn comes. `capacity`: the frames that it holds at most. */
export interface LaneBounds {
  /** A worker may hold so many frames more than `capacity`. */
  readonly overGrant: number;
  /** So many tasks of lower lanes may start after a task of the highest one has become ready. */
  readonly lateHigh: number;
  /** So many tasks of other lanes may start after a task of the lowest one has become ready. */
  readonly starvation: number;
}

/**
 * With L lanes of weights w (sum W): over-grant L − 1, because every lane keeps one standing receive of at least one frame. A ready frame waits at most
 * until what is held has started (capacity + L − 1), and then, held itself, for two rounds of the weights without its own lane's: 2 × (W − w).
 */
export function laneBounds(lanes: readonly Lane[], capacity: number): LaneBounds {
  const sum = lanes.reduce((all, { weight }) => all + weight, 0);
  const held = capacity + lanes.length - 1;
  const first = lanes[0]?.weight ?? 0;
  const last = lanes[lanes.length - 1]?.weight ?? 0;
  return { overGrant: lanes.length - 1, lateHigh: held + 2 * (sum - first), starvation: held + 2 * (sum - last) };
}
