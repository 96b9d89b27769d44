/** Places of a block: small enough that one straggler keeps little, large enough that a block is rarely made. */
const BLOCK = 1_024;

interface Block<T> {
  readonly items: (T | undefined)[];
  size: number;
}

/**
 * A map whose keys are whole numbers that come and go nearly in a row, as the indexes of a run do: an array for each thousand of them, dropped when it is
 * empty. A fraction of what a Map costs, and as small.
 */
export class IndexMap<T> {
  readonly #blocks = new Map<number, Block<T>>();
  #size = 0;
  #lastNumber = -1;
  #last: Block<T> | undefined;
  /** The last block that was dropped, for the next one that is needed: an old table of the map may keep each that ever was in it. */
  #spare: Block<T> | undefined;

  get size(): number {
    return this.#size;
  }

  get(index: number): T | undefined {
    return this.#blockOf(index)?.items[index % BLOCK];
  }

  set(index: number, item: T): void {
    let block = this.#blockOf(index);
    if (block === undefined) {
      block = this.#spare ?? { items: new Array<T | undefined>(BLOCK).fill(undefined), size: 0 };
      this.#spare = undefined;
      this.#lastNumber = Math.floor(index / BLOCK);
      this.#last = block;
      this.#blocks.set(this.#lastNumber, block);
    }
    const place = index % BLOCK;
    if (block.items[place] === undefined) {
      block.size += 1;
      this.#size += 1;
    }
    block.items[place] = item;
  }

  /** Takes out what was there. */
  take(index: number): T | undefined {
    const block = this.#blockOf(index);
    const place = index % BLOCK;
    const item = block?.items[place];
    if (block === undefined || item === undefined) return undefined;
    block.items[place] = undefined;
    block.size -= 1;
    this.#size -= 1;
    if (block.size === 0) {
      this.#blocks.delete(Math.floor(index / BLOCK));
      this.#spare = block;
      this.#last = undefined;
      this.#lastNumber = -1;
    }
    return item;
  }

  /** All that is there now, in no order that counts. */
  entries(): (readonly [index: number, item: T])[] {
    const entries: (readonly [number, T])[] = [];
    for (const [number, { items }] of this.#blocks) {
      for (let place = 0; place < BLOCK; place += 1) {
        const item = items[place];
        if (item !== undefined) entries.push([number * BLOCK + place, item]);
      }
    }
    return entries;
  }

  #blockOf(index: number): Block<T> | undefined {
    const number = Math.floor(index / BLOCK);
    if (number !== this.#lastNumber || this.#last === undefined) {
      this.#last = this.#blocks.get(number);
      this.#lastNumber = number;
    }
    return this.#last;
  }
}
