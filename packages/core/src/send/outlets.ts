import { type Queue, queueKey } from "../contract/index.ts";

/** Something that takes frames for one queue, and says when it has room. */
export interface Outlet {
  room(): Promise<void> | undefined;
}

/** One outlet for each queue that frames are sent to, made when the first frame comes. */
export class Outlets<T extends Outlet> {
  readonly #make: (queue: Queue) => T;
  readonly #byQueue = new Map<string, T>();
  #lastQueue: Queue | undefined;
  #last: T | undefined;

  constructor(make: (queue: Queue) => T) {
    this.#make = make;
  }

  of(queue: Queue): T {
    // Most frames go where the one before went.
    if (queue === this.#lastQueue && this.#last !== undefined) return this.#last;
    const key = queueKey(queue);
    let outlet = this.#byQueue.get(key);
    if (outlet === undefined) {
      outlet = this.#make(queue);
      this.#byQueue.set(key, outlet);
    }
    this.#lastQueue = queue;
    this.#last = outlet;
    return outlet;
  }

  all(): Iterable<T> {
    return this.#byQueue.values();
  }

  /** Undefined while all of them have room; else resolves when one that had none has. */
  room(): Promise<void> | undefined {
    for (const outlet of this.#byQueue.values()) {
      const room = outlet.room();
      if (room !== undefined) return room;
    }
    return undefined;
  }
}
