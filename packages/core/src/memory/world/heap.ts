/** What a heap may hold: each item knows its place, so that it can be taken out of the middle. -1: in no heap. */
export interface HeapItem {
  heapPlace: number;
}

/** A binary heap; `comesBefore` must not change its mind about an item while that is in it. */
export class Heap<T extends HeapItem> {
  readonly #comesBefore: (one: T, other: T) => boolean;
  readonly #items: T[] = [];

  constructor(comesBefore: (one: T, other: T) => boolean) {
    this.#comesBefore = comesBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  /** All of them, in no order; read only. */
  get items(): readonly T[] {
    return this.#items;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  shift(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** The item must be in this heap. */
  remove(item: T): void {
    const place = item.heapPlace;
    item.heapPlace = -1;
    const last = this.#items.pop() as T;
    if (last === item) return;
    this.#rise(last, place);
    this.#sink(last, last.heapPlace);
  }

  #rise(item: T, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >>> 1;
      const parent = this.#items[above] as T;
      if (!this.#comesBefore(item, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(item, place);
  }

  #sink(item: T, from: number): void {
    let place = from;
    for (;;) {
      let below = place * 2 + 1;
      if (below >= this.#items.length) break;
      const right = this.#items[below + 1];
      if (right !== undefined && this.#comesBefore(right, this.#items[below] as T)) below += 1;
      const child = this.#items[below] as T;
      if (!this.#comesBefore(child, item)) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(item, place);
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    item.heapPlace = place;
  }
}
