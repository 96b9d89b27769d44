/**
 * What has begun and not ended, up to a bound: what never ends (its process crashed, its answer was lost) must not pile up. Nearly always one has a name,
 * but a task may be in hand twice.
 */
export class OpenSpans<T> {
  readonly #most: number;
  readonly #dropped: (item: T) => void;
  readonly #named = new Map<string, T[]>();
  #size = 0;

  /** `dropped`: the oldest one has to go. */
  constructor(most: number, dropped: (item: T) => void) {
    this.#most = most;
    this.#dropped = dropped;
  }

  add(name: string, item: T): void {
    const same = this.#named.get(name);
    if (same === undefined) this.#named.set(name, [item]);
    else same.push(item);
    this.#size += 1;
    if (this.#size <= this.#most) return;
    for (const oldest of this.#named.keys()) {
      const gone = this.take(oldest);
      if (gone !== undefined) this.#dropped(gone);
      return;
    }
  }

  get(name: string): T | undefined {
    return this.#named.get(name)?.[0];
  }

  /** For the last time. Of several the first that is wanted. */
  take(name: string, wanted: (item: T) => boolean = any): T | undefined {
    const same = this.#named.get(name);
    const place = same?.findIndex(wanted) ?? -1;
    if (same === undefined || place < 0) return undefined;
    const [item] = same.splice(place, 1);
    if (same.length === 0) this.#named.delete(name);
    this.#size -= 1;
    return item;
  }

  takeAll(wanted: (item: T) => boolean = any): T[] {
    const all: T[] = [];
    for (const name of this.#named.keys()) {
      let item = this.take(name, wanted);
      while (item !== undefined) {
        all.push(item);
        item = this.take(name, wanted);
      }
    }
    return all;
  }
}

function any(): boolean {
  return true;
}
