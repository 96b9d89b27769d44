/** Something that knows where it stands in its `PlacedSet`; below 0: nowhere. */
export interface Placed {
  place: number;
}

/** A set of things that know their place in it, and are in no other: what comes and goes with each task is not hashed. */
export class PlacedSet<T extends Placed> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    item.place = this.#items.length;
    this.#items.push(item);
  }

  /** Answers whether it was there. */
  delete(item: T): boolean {
    const { place } = item;
    if (place < 0) return false;
    const last = this.#items.pop() as T;
    if (last !== item) {
      this.#items[place] = last;
      last.place = place;
    }
    item.place = -1;
    return true;
  }

  /** As it is now, in no order that counts. */
  values(): readonly T[] {
    return [...this.#items];
  }
}
