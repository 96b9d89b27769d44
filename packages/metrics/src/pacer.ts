import type { QueueBooks } from "./queue-books.ts";
import type { Pace } from "./scale.ts";

/** How far back a pace goes: a burst is seen at once, and forgotten a minute later. */
const WINDOW_MS = 60_000;

interface Mark {
  readonly at: number;
  readonly backlog: number;
  readonly dispatched: number;
  readonly ran: number;
  readonly ranSeconds: number;
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
    const ran = now.ran - before.ran;
    const taskSeconds =
      ran > 0 ? (now.ranSeconds - before.ranSeconds) / ran : now.ran > 0 ? now.ranSeconds / now.ran : undefined;
    const perSecond = (grown: number) => (seconds > 0 ? grown / seconds : 0);
    return {
      arrivalsPerSecond: perSecond(now.dispatched - before.dispatched),
      drainedPerSecond: perSecond(shrunkBy(this.#marks)),
      taskSeconds,
    };
  }
}

/** What came out of a backlog beyond what went in, from mark to mark: a burst in between must not hide it. */
function shrunkBy(marks: readonly Mark[]): number {
  return marks.reduce((sum, { backlog }, place) => sum + Math.max(0, (marks[place - 1]?.backlog ?? 0) - backlog), 0);
}

/** Handlers that ran here; in a process without workers, those that its results tell of. */
function markOf(queue: QueueBooks, backlog: number, at: number): Mark {
  const mark = { at, backlog, dispatched: 0, ran: 0, ranSeconds: 0 };
  let told = 0;
  let toldMs = 0;
  for (const { dispatched, ran, ranMs, process } of queue.tasks.values()) {
    mark.dispatched += dispatched;
    told += ran;
    toldMs += ranMs;
    for (const [, buckets] of process.entries()) {
      mark.ran += buckets.count;
      mark.ranSeconds += buckets.sum;
    }
  }
  return mark.ran > 0 ? mark : { ...mark, ran: told, ranSeconds: toldMs / 1_000 };
}
