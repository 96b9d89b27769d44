import type { Profile, Queue } from "@org/dispatch-core/contract";

/** The queue of a case. */
export const QUEUE = "cases";

/** A work queue for one band of priorities, and its weight among the others. */
export interface Lane {
  readonly queue: Queue;
  readonly least: number;
  readonly most: number;
  readonly weight: number;
}

const lane = (name: string, least: number, most: number, weight: number): Lane =>
  Object.freeze({ queue: Object.freeze({ role: "work", name, of: QUEUE }), least, most, weight });

const one: readonly Lane[] = [lane("normal", 0, 10, 1)];
const three: readonly Lane[] = [lane("high", 7, 10, 8), lane("normal", 4, 6, 3), lane("low", 0, 3, 1)];

/** Does the broker keep the eleven priorities by itself? */
export function hasPriorities({ priorityLevels, priorityOrder }: Profile): boolean {
  return priorityLevels >= 11 && priorityOrder === "strict";
}

/** The lanes that core makes on such a backend, highest first. */
export function lanesOf(profile: Profile): readonly Lane[] {
  return hasPriorities(profile) ? one : three;
}

export function laneOf(profile: Profile, priority: number): Lane {
  const found = lanesOf(profile).find(({ least, most }) => priority >= least && priority <= most);
  if (found === undefined) throw new RangeError(`priority ${priority} is in no lane`);
  return found;
}

/**
 * How many frames a worker of `concurrency` slots may hold, and how many tasks of other lanes it may start after one of `priority` has become ready, which
 * is the first of its lane: what it holds, and two rounds of the other lanes' weights.
 */
export function boundsOf(
  profile: Profile,
  concurrency: number,
  priority: number,
): { readonly held: number; readonly passed: number } {
  const lanes = lanesOf(profile);
  const held = concurrency + lanes.length - 1;
  const sum = lanes.reduce((all, { weight }) => all + weight, 0);
  return { held, passed: held + 2 * (sum - laneOf(profile, priority).weight) };
}
