import type { QueueBooks } from "./queue-books.ts";
import type { Pace } from "./scale.ts";

/** How far back a pace goes: a burst is seen at once, and forgotten a minute later. */
const WINDOW_MS = 60_000;

/** How many handlers ran, and for how long in all. */
interface Runs {
  count: number;
  seconds: number;
}

interface Mark {
  readonly at: number;
  readonly backlog: number;
  /** Is that by the broker's answer? */
  readonly isSaid: boolean;
  dispatched: number;
  /** At workers of this process. */
  readonly own: Runs;
  /** Of which results have told. */
  readonly told: Runs;
}

/** The pace of a queue over the last minute, from marks that are made when somebody asks: nothing is measured while tasks run. */
export class Pacer {
  #marks: Mark[] = [];

  /** `backlog`: tasks that are ready now. */
  at(queue: QueueBooks, backlog: number, wallMs: number): Pace {
    const now = markOf(queue, backlog, wallMs);
    this.#marks.push(now);
    while (this.#marks.length > 2 && wallMs - (this.#marks[1]?.at ?? 0) >= WINDOW_MS) this.#marks.shift();
    const before = this.#marks[0] as Mark;
    const seconds = (now.at - before.at) / 1_000;
    const perSecond = (grown: number) => (seconds > 0 ? grown / seconds : 0);
    return {
      arrivalsPerSecond: perSecond(now.dispatched - before.dispatched),
      drainedPerSecond: perSecond(shrunkBy(this.#marks)),
      taskSeconds: taskSeconds(now, before),
    };
  }
}

/** What came out of a backlog beyond what went in, from mark to mark: a burst in between must not hide it. One that is known otherwise than before has not shrunk. */
function shrunkBy(marks: readonly Mark[]): number {
  return marks.reduce((sum, { backlog, isSaid }, place) => {
    const before = marks[place - 1];
    return before?.isSaid === isSaid ? sum + Math.max(0, before.backlog - backlog) : sum;
  }, 0);
}

/** Of handlers that ran here; in a process without workers, of those that its results tell of. What ran in the window says more than what ran before. */
function taskSeconds(now: Mark, before: Mark): number | undefined {
  return mean(now.own, before.own) ?? mean(now.told, before.told) ?? mean(now.own, NO_RUNS) ?? mean(now.told, NO_RUNS);
}

const NO_RUNS: Runs = Object.freeze({ count: 0, seconds: 0 });

function mean(now: Runs, before: Runs): number | undefined {
  const count = now.count - before.count;
  return count > 0 ? (now.seconds - before.seconds) / count : undefined;
}

function markOf(queue: QueueBooks, backlog: number, at: number): Mark {
  const mark: Mark = {
    ...{ at, backlog, isSaid: queue.statusAt(at) !== undefined, dispatched: 0 },
    ...{ own: { count: 0, seconds: 0 }, told: { count: 0, seconds: 0 } },
  };
  for (const { dispatched, ran, ranMs, process } of queue.tasks.values()) {
    mark.dispatched += dispatched;
    mark.told.count += ran;
    mark.told.seconds += ranMs / 1_000;
    for (const [, buckets] of process.entries()) {
      mark.own.count += buckets.count;
      mark.own.seconds += buckets.sum;
    }
  }
  return mark;
}
