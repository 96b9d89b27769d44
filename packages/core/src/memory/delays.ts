import type { StoredFrame } from "./stored-frame.ts";

/** The frames of a queue whose time has not come: a binary heap by due time, then by sequence. */
export class Delays {
  readonly #heap: StoredFrame[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** When the first frame falls due, in ms on the clock; `Infinity` if there is none. */
  get nextAtMs(): number {
    return this.#heap[0]?.dueAtMs ?? Number.POSITIVE_INFINITY;
  }

  /** All of them, in no order; read only. */
  get frames(): readonly StoredFrame[] {
    return this.#heap;
  }

  push(frame: StoredFrame): void {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const above = (place - 1) >>> 1;
      const parent = heap[above] as StoredFrame;
      if (!comesBefore(frame, parent)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = frame;
  }

  /** Takes the frame that is due first. */
  shift(): StoredFrame | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(frame: StoredFrame): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      let below = place * 2 + 1;
      if (below >= heap.length) break;
      const right = heap[below + 1];
      if (right !== undefined && comesBefore(right, heap[below] as StoredFrame)) below += 1;
      const child = heap[below] as StoredFrame;
      if (!comesBefore(child, frame)) break;
      heap[place] = child;
      place = below;
    }
    heap[place] = frame;
  }
}

/** By due time, then by sequence. */
export function comesBefore(one: StoredFrame, other: StoredFrame): boolean {
  return one.dueAtMs < other.dueAtMs || (one.dueAtMs === other.dueAtMs && one.sequence < other.sequence);
}
