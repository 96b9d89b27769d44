import { type Queue, queueKey } from "../contract/index.ts";

/** Something that takes frames for one queue, and says when it has room. */
export interface Outlet {
  room(): Promise<void> | undefined;
}

/** One outlet for each queue that frames are sent to, made when the first frame comes. */
export class Outlets<T extends Outlet> {
  readonly #make: (queue: Queue) => T;
  readonly #byQueue = new Map<string, T>();
  /** The same in a row: asked for room before each input. */
  readonly #all: T[] = [];
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
      this.#all.push(outlet);
    }
    this.#lastQueue = queue;
    this.#last = outlet;
    return outlet;
  }

  all(): Iterable<T> {
    return this.#all;
  }

  /** Undefined while all of them have room; else resolves when one that had none has. */
  room(): Promise<void> | undefined {
    // Nothing was sent yet. Apart, since V8 knows an empty list as one of another kind, and would compile all that asks anew for it.
    if (this.#last === undefined) return undefined;
    for (let index = 0; index < this.#all.length; index += 1) {
      const room = (this.#all[index] as T).room();
      if (room !== undefined) return room;
    }
    return undefined;
  }
}
