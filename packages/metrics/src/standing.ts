import type { QueueBooks } from "./queue-books.ts";

/** How a queue stands now, as far as this process knows. Of tasks, where frames are packs by an estimate. */
export interface Standing {
  /** Tasks that wait. */
  readonly pending: number;
  /** Tasks in hand: of this process's workers, else of all that the broker or beats tell of. */
  readonly inFlight: number;
  /** Tasks of this process's runs that have no outcome yet. */
  readonly outstanding: number;
  /** Of this process's runs, and no fewer than its own. */
  readonly activeWorkers: number;
  /** Slots of this process's workers. */
  readonly slots: number;
  readonly busySlots: number;
  /** Of the oldest task that waits; undefined: nobody knows. */
  readonly oldestAgeMs: number | undefined;
}

/** `wallMs`: now. */
export function standingOf(queue: QueueBooks, wallMs: number): Standing {
  const workers = [...queue.workers.values()].map(({ slots, status }) => ({ slots, ...status() }));
  const runs = [...queue.runs.values()].map((progress) => progress());
  const perFrame = queue.tasksPerFrame;
  const said = queue.statusAt(wallMs)?.said;
  const outstanding = sum(runs.map((run) => run.outstanding));
  const tasksOf = (frames: number) => tasksIn(frames, perFrame, outstanding);
  const heard = sum([...queue.heard.values()].map(({ held }) => held));
  let inFlight = Math.round(heard * perFrame);
  if (workers.length > 0) inFlight = sum(workers.map(({ tasks }) => tasks));
  else if (said !== undefined) inFlight = tasksOf(said.leased);
  return {
    pending: said === undefined ? Math.max(0, outstanding - inFlight) : tasksOf(said.ready + said.delayed),
    inFlight,
    outstanding,
    activeWorkers: Math.max(workers.length, ...runs.map((run) => run.activeWorkers)),
    slots: sum(workers.map(({ slots }) => slots)),
    busySlots: sum(workers.map(({ running }) => running)),
    oldestAgeMs: oldestAge(queue, wallMs),
  };
}

/**
 * How many tasks so many frames are. Packs that are sent on in parts are more frames of fewer tasks, which no average shows; but where this process waits for
 * tasks, there are no more than those, and one a frame at least. 0 `outstanding`: it waits for none.
 */
export function tasksIn(frames: number, perFrame: number, outstanding: number): number {
  const estimate = Math.round(frames * perFrame);
  return outstanding === 0 ? estimate : Math.min(estimate, Math.max(frames, outstanding));
}

/** What the broker was seen to hold, and since then it has grown older; else what was granted last was the oldest, and what comes next is hardly older. */
function oldestAge(queue: QueueBooks, wallMs: number): number | undefined {
  const status = queue.statusAt(wallMs);
  const { grant } = queue;
  if (status === undefined) return undefined;
  const { said, at } = status;
  if (said.ready === 0) return 0;
  if (said.oldestAgeMs !== undefined) return said.oldestAgeMs + Math.max(0, wallMs - at);
  return grant === undefined ? undefined : grant.ageMs + Math.max(0, wallMs - grant.at);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
