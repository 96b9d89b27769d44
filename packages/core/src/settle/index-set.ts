/** Indexes of a block, and their bits of a word. */
const BLOCK = 1_024;
const WORD_BITS = 32;

/**
 * A set of whole numbers that lie close together, as the indexes of a run do that one worker had of late: a bit for each, in blocks of a thousand. What a Set
 * costs in time, and in garbage while it grows, was a twentieth of what a task costs.
 */
export class IndexSet {
  readonly #blocks = new Map<number, Uint32Array>();
  #size = 0;
  #lastNumber = -1;
  #last: Uint32Array | undefined;

  get size(): number {
    return this.#size;
  }

  has(index: number): boolean {
    const place = index % BLOCK;
    const block = this.#blockOf(index);
    return block !== undefined && ((block[place >>> 5] as number) & (1 << (place % WORD_BITS))) !== 0;
  }

  add(index: number): void {
    const place = index % BLOCK;
    const block = this.#blockOf(index) ?? this.#begin(index);
    const word = block[place >>> 5] as number;
    const bit = 1 << (place % WORD_BITS);
    if ((word & bit) !== 0) return;
    block[place >>> 5] = word | bit;
    this.#size += 1;
  }

  #blockOf(index: number): Uint32Array | undefined {
    const number = Math.floor(index / BLOCK);
    if (number !== this.#lastNumber) {
      this.#last = this.#blocks.get(number);
      this.#lastNumber = number;
    }
    return this.#last;
  }

  #begin(index: number): Uint32Array {
    const block = new Uint32Array(BLOCK / WORD_BITS);
    this.#lastNumber = Math.floor(index / BLOCK);
    this.#last = block;
    this.#blocks.set(this.#lastNumber, block);
    return block;
  }
}
