/**
 * One that is open, and the next one of its name. A class: a literal or an array for each would come to lie in the old part of the heap, and keep there what
 * it holds, long after its end.
 */
class Open<T> {
  readonly item: T;
  next: Open<T> | undefined = undefined;

  constructor(item: T) {
    this.item = item;
  }
}

/**
 * What has begun and not ended, up to a bound: what never ends (its process crashed, its answer was lost) must not pile up. Nearly always one has a name,
 * but a task may be in hand twice.
 */
export class OpenSpans<T> {
  readonly #most: number;
  readonly #dropped: (item: T) => void;
  readonly #named = new Map<string, Open<T>>();
  #size = 0;

  /** `dropped`: the oldest one has to go. */
  constructor(most: number, dropped: (item: T) => void) {
    this.#most = most;
    this.#dropped = dropped;
  }

  add(name: string, item: T): void {
    const added = new Open(item);
    let last = this.#named.get(name);
    if (last === undefined) this.#named.set(name, added);
    else {
      while (last.next !== undefined) last = last.next;
      last.next = added;
    }
    this.#size += 1;
    if (this.#size <= this.#most) return;
    for (const oldest of this.#named.keys()) {
      const gone = this.take(oldest);
      if (gone !== undefined) this.#dropped(gone);
      return;
    }
  }

  get(name: string): T | undefined {
    return this.#named.get(name)?.item;
  }

  /** For the last time. Of several the first that is wanted. */
  take(name: string, wanted: (item: T) => boolean = any): T | undefined {
    let before: Open<T> | undefined;
    for (let open = this.#named.get(name); open !== undefined; open = open.next) {
      if (wanted(open.item)) {
        this.#size -= 1;
        if (before !== undefined) before.next = open.next;
        else if (open.next === undefined) this.#named.delete(name);
        else this.#named.set(name, open.next);
        return open.item;
      }
      before = open;
    }
    return undefined;
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
