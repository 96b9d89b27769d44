/** What has begun and not ended, up to a bound: what never ends (its process crashed, its answer was lost) must not pile up. */
export class OpenSpans<T> {
  readonly #most: number;
  readonly #dropped: (item: T) => void;
  readonly #items = new Map<string, T>();

  /** `dropped`: the oldest one has to go. */
  constructor(most: number, dropped: (item: T) => void) {
    this.#most = most;
    this.#dropped = dropped;
  }

  get size(): number {
    return this.#items.size;
  }

  add(name: string, item: T): void {
    this.#items.set(name, item);
    if (this.#items.size <= this.#most) return;
    for (const [oldest] of this.#items) {
      const gone = this.take(oldest);
      if (gone !== undefined) this.#dropped(gone);
      return;
    }
  }

  get(name: string): T | undefined {
    return this.#items.get(name);
  }

  /** For the last time. */
  take(name: string): T | undefined {
    const item = this.#items.get(name);
    if (item !== undefined) this.#items.delete(name);
    return item;
  }

  takeAll(): T[] {
    const all = [...this.#items.values()];
    this.#items.clear();
    return all;
  }
}
