import type { OutFrame, Queue } from "../contract/index.ts";

/** What the tasks of a frame have in common on their way. */
export interface Way {
  /** Where it goes first. */
  readonly queue: Queue;
  /** What keeps its order among itself: a priority, or a lane by its lowest priority. */
  readonly band: number;
  /** Its whole delay, however it is kept. */
  readonly delayMs: number;
}

/**
 * A frame as its run keeps it, until the last of its tasks has an outcome: one object for all of them, since most have the same to say. Of what becomes of
 * a single one of them there is an object of its own (`alone`).
 */
export class KeptFrame {
  way: Way;
  readonly first: number;
  /** 0: its tasks still wait for a frame. */
  readonly count: number;
  /** Where they do not follow each other. */
  readonly #indexes: readonly number[] | undefined;
  /** Absent while it is being made. */
  frame: OutFrame | undefined = undefined;
  /** What it takes of the window, and how many of its tasks are there. The window's own. */
  bytes = 0;
  left = 0;
  round = 0;
  resends = 0;
  /** Does the broker have it? */
  sent = false;
  /** Was it said that the broker has it? */
  isTold = false;
  /** Has any of its tasks a trace? */
  isTraced = false;
  /** When it was made, in monotonic ms; 0 where nobody observes. */
  madeAt = 0;
  /** Monotonic ms from when it may be handed out: sent, delayed, or scheduled again. */
  readyAt = 0;
  /** Until then a worker is believed to hold it, because a beat named it. */
  heldUntil = 0;
  /** By then it is back in its queue, behind what was ready before, if who had it in hand last is gone. Monotonic ms. */
  backAt = 0;
  /** Is `backAt` also that of a holder who never said that he has it? */
  isOvertaken = false;
  /** How long nothing has spoken for it, in ms. */
  silentMs = 0;

  constructor(way: Way, first: number, count: number, indexes?: readonly number[]) {
    this.way = way;
    this.first = first;
    this.count = count;
    this.#indexes = indexes;
  }

  /** Of the task at `position`. */
  indexAt(position: number): number {
    return this.#indexes?.[position] ?? this.first + position;
  }

  /** Are all of its tasks among these? Such as do not follow each other are not named together. */
  isWithin(first: number, count: number): boolean {
    return this.#indexes === undefined && first <= this.first && this.first + this.count <= first + count;
  }

  /** One of its tasks, of which the same is known so far. The broker has it: else nothing could be said of it alone. */
  alone(index: number): KeptFrame {
    const own = Object.assign(new KeptFrame(this.way, index, 1), this);
    return Object.assign(own, { first: index, count: 1, left: 1, sent: true });
  }
}
