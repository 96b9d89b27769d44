/**
 * What waits for a slot, lane by lane, each in its order. The highest lane goes first, but in each round every lane that waits has as many starts as its
 * weight: so nothing that is held starves. A frame that came just after its lane's turn sees the rest of that round and the others' turns in the next:
 * with W the sum of the weights and w its lane's, at most 2 × (W − w) others start before it.
 */
export class LaneQueue<T> {
  readonly #weights: readonly number[];
  readonly #lanes: T[][];
  #left: number[];
  #size = 0;

  /** Highest lane first. */
  constructor(weights: readonly number[]) {
    this.#weights = weights;
    this.#lanes = weights.map(() => []);
    this.#left = [...weights];
  }

  get size(): number {
    return this.#size;
  }

  push(lane: number, item: T): void {
    (this.#lanes[lane] as T[]).push(item);
    this.#size += 1;
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    let lane = this.#next();
    if (lane < 0) {
      this.#left = [...this.#weights];
      lane = this.#next();
    }
    this.#left[lane] = (this.#left[lane] as number) - 1;
    this.#size -= 1;
    return (this.#lanes[lane] as T[]).shift();
  }

  /** Takes all out. */
  clear(): T[] {
    this.#size = 0;
    return this.#lanes.flatMap((lane) => lane.splice(0));
  }

  #next(): number {
    return this.#lanes.findIndex((lane, index) => lane.length > 0 && (this.#left[index] as number) > 0);
  }
}
