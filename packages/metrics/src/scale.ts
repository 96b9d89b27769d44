import type { QueueBooks, Status } from "./queue-books.ts";
import { standingOf, tasksIn } from "./standing.ts";

/** What a scaler goes by. */
export interface Scale {
  /** Tasks that are ready. */
  readonly backlog: number;
  /** Of the oldest of them; null: nobody knows. */
  readonly oldestAgeSeconds: number | null;
  /** How long the workers that there are need for the backlog; null: nobody knows how long a task takes, or there are no workers. */
  readonly drainSeconds: number | null;
  readonly desiredWorkers: number;
}

export interface ScaleOptions {
  /** In how many seconds a backlog should be worked off; default 30. */
  readonly drainSeconds: number;
  /** Slots of a worker, where this process has none; default 10, as a worker's own default. */
  readonly slotsPerWorker: number;
}

/** Tasks that are ready. */
export function backlogOf(queue: QueueBooks, wallMs: number): number {
  const { pending, outstanding } = standingOf(queue, wallMs);
  const said = queue.statusAt(wallMs)?.said;
  return said === undefined ? pending : tasksIn(said.ready, queue.tasksPerFrame, outstanding);
}

/** What a window of time has brought. */
export interface Pace {
  /** Tasks sent by this process, a second. */
  readonly arrivalsPerSecond: number;
  /** Tasks by which the backlog has shrunk, where it did, a second. */
  readonly drainedPerSecond: number;
  /** Mean run of a handler; undefined: none has ended. */
  readonly taskSeconds: number | undefined;
}

/**
 * Little's law: as many tasks are at work as arrive in the time that one takes. Slots for these, and for the backlog to be worked off in time. Arrivals are
 * known to who runs. To a worker, and to who has no run at the time, what is in hand everywhere stands for them, less what comes out of the backlog and not from a sender: else a backlog would
 * call for workers beyond all that are busy with it, and more of these for still more.
 */
export function scaleOf(queue: QueueBooks, backlog: number, pace: Pace, options: ScaleOptions, wallMs: number): Scale {
  const now = standingOf(queue, wallMs);
  const perFrame = queue.tasksPerFrame;
  const { arrivalsPerSecond, drainedPerSecond, taskSeconds } = pace;
  const slotsPerWorker =
    queue.workers.size > 0 ? now.slots / queue.workers.size : (heardSlots(queue) ?? options.slotsPerWorker);
  const slots = Math.max(now.slots, now.activeWorkers * slotsPerWorker);
  const arriving = queue.coordinates ? arrivalsPerSecond * (taskSeconds ?? 0) : 0;
  const sees = queue.runs.size === 0 || queue.workers.size > 0;
  const inHand = sees ? inService(queue.statusAt(wallMs), now, perFrame) - drainedPerSecond * (taskSeconds ?? 0) : 0;
  const atWork = Math.max(0, arriving, inHand);
  const wanted = (atWork + (backlog * (taskSeconds ?? 0)) / options.drainSeconds) / slotsPerWorker;
  const hasWork = backlog + now.inFlight + now.outstanding > 0;
  return {
    backlog,
    oldestAgeSeconds: now.oldestAgeMs === undefined ? null : now.oldestAgeMs / 1_000,
    drainSeconds: drainSeconds(backlog, taskSeconds, slots),
    // A sum of many small numbers is hardly ever whole: a worker more for a millionth of a task helps nobody.
    desiredWorkers: Math.max(hasWork ? 1 : 0, Math.ceil(wanted - 1e-6)),
  };
}

function drainSeconds(backlog: number, taskSeconds: number | undefined, slots: number): number | null {
  if (backlog === 0) return 0;
  return taskSeconds === undefined || slots === 0 ? null : (backlog * taskSeconds) / slots;
}

/** Of what all workers have in hand, the part that is at work, as it is here. */
function inService(
  status: Status | undefined,
  now: { readonly inFlight: number; readonly busySlots: number },
  perFrame: number,
): number {
  const everywhere = Math.max(now.inFlight, (status?.said.leased ?? 0) * perFrame);
  return now.inFlight === 0 ? everywhere : (everywhere * now.busySlots) / now.inFlight;
}

function heardSlots({ heard }: QueueBooks): number | undefined {
  const slots = [...heard.values()].map((worker) => worker.slots);
  return slots.length === 0 ? undefined : slots.reduce((sum, one) => sum + one, 0) / slots.length;
}
