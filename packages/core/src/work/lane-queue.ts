/**
 * What waits for a slot, lane by lane, each in its order. The highest lane goes first, but in each round every lane that waits has as many starts as its
 * weight: so nothing that is held starves. A frame that came just after its lane's turn sees the rest of that round and the others' turns in the next:
 * with W the sum of the weights and w its lane's, at most 2 × (W − w) others start before it.
 */
export class LaneQueue<T> {
  readonly #weights: readonly number[];
  readonly #lanes: readonly Fifo<T>[];
  readonly #left: number[];
  #size = 0;

  /** Highest lane first. */
  constructor(weights: readonly number[]) {
    this.#weights = weights;
    this.#lanes = weights.map(() => new Fifo<T>());
    this.#left = [...weights];
  }

  get size(): number {
    return this.#size;
  }

  push(lane: number, item: T): void {
    (this.#lanes[lane] as Fifo<T>).push(item);
    this.#size += 1;
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    this.#size -= 1;
    if (this.#lanes.length === 1) return (this.#lanes[0] as Fifo<T>).shift();
    let lane = this.#next();
    if (lane < 0) {
      for (let index = 0; index < this.#left.length; index += 1) this.#left[index] = this.#weights[index] as number;
      lane = this.#next();
    }
    this.#left[lane] = (this.#left[lane] as number) - 1;
    return (this.#lanes[lane] as Fifo<T>).shift();
  }

  /** Takes out what `wanted` says, in its order. */
  withdraw(wanted: (item: T) => boolean): T[] {
    const out = this.#lanes.flatMap((lane) => lane.withdraw(wanted));
    this.#size -= out.length;
    return out;
  }

  /** Takes all out. */
  clear(): T[] {
    this.#size = 0;
    return this.#lanes.flatMap((lane) => lane.clear());
  }

  #next(): number {
    for (let lane = 0; lane < this.#lanes.length; lane += 1) {
      if ((this.#lanes[lane] as Fifo<T>).size > 0 && (this.#left[lane] as number) > 0) return lane;
    }
    return -1;
  }
}

/** First in, first out, without moving all the others at each `shift`. */
class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#items.length || this.#head > 1_024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  withdraw(wanted: (item: T) => boolean): T[] {
    const out: T[] = [];
    const left: T[] = [];
    for (const item of this.clear()) (wanted(item) ? out : left).push(item);
    this.#items = left;
    return out;
  }

  clear(): T[] {
    const items = this.#items.slice(this.#head) as T[];
    this.#items = [];
    this.#head = 0;
    return items;
  }
}
