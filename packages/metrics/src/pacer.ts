import type { QueueBooks } from "./queue-books.ts";
import type { Pace } from "./scale.ts";

/** How far back a pace goes: a burst is seen at once, and forgotten a minute later. */
const WINDOW_MS = 60_000;

interface Mark {
  readonly at: number;
  readonly dispatched: number;
  readonly ran: number;
  readonly ranSeconds: number;
}

/** The pace of a queue over the last minute, from marks that are made when somebody asks: nothing is measured while tasks run. */
export class Pacer {
  #marks: Mark[] = [];

  at(queue: QueueBooks, wallMs: number): Pace {
    const now = markOf(queue, wallMs);
    this.#marks.push(now);
    while (this.#marks.length > 2 && wallMs - (this.#marks[1]?.at ?? 0) >= WINDOW_MS) this.#marks.shift();
    const before = this.#marks[0] as Mark;
    const seconds = (now.at - before.at) / 1_000;
    const ran = now.ran - before.ran;
    const taskSeconds =
      ran > 0 ? (now.ranSeconds - before.ranSeconds) / ran : now.ran > 0 ? now.ranSeconds / now.ran : undefined;
    return { arrivalsPerSecond: seconds > 0 ? (now.dispatched - before.dispatched) / seconds : 0, taskSeconds };
  }
}

/** Handlers that ran here; in a process without workers, those that its results tell of. */
function markOf(queue: QueueBooks, at: number): Mark {
  const mark = { at, dispatched: 0, ran: 0, ranSeconds: 0 };
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
