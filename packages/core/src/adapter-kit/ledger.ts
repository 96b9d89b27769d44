/**
 * So far may the newest offset in hand be above the watermark: 16,000 bits are 2,668 characters, which leaves a third of a commit's metadata for the
 * grant mark. One task that does not end holds up its partition only then.
 */
export const WINDOW_OFFSETS = 16_000;

export interface LedgerOptions {
  /** The first offset that is not done: what was committed. */
  readonly base: number;
  /** Offsets at or above `base` that are done already. */
  readonly done?: Iterable<number>;
  /** Default 16,000. */
  readonly windowOffsets?: number;
}

/**
 * Completion out of order over one partition of a log, which can only commit a watermark: what is in hand, what is done, and the first offset that is
 * not. A log may have gaps, so the order is that of the offsets that were met. Pure: no clock, no I/O.
 *
 * | offset | event | then |
 * |---|---|---|
 * | not met | `admit` | in hand; or done at once, if the note of the one before said so |
 * | in hand | `finish` | done; the watermark passes it when all below are done |
 * | done, or not met | `finish` | refused |
 */
export class Ledger {
  readonly #windowOffsets: number;
  /** Said to be done by the note that this one began with, and not met yet. */
  readonly #before: Set<number>;
  /** Met and not below the watermark, in order; those before `#head` are below it. */
  #met: number[] = [];
  #head = 0;
  readonly #open = new Set<number>();
  #next: number;

  constructor(options: LedgerOptions) {
    this.#next = options.base;
    this.#before = new Set(options.done);
    this.#windowOffsets = options.windowOffsets ?? WINDOW_OFFSETS;
  }

  /** The watermark: everything below is done. This is what is committed. */
  get base(): number {
    return this.#met[this.#head] ?? this.#next;
  }

  /** One above the highest offset that was met; the next to read. */
  get next(): number {
    return this.#next;
  }

  get inHand(): number {
    return this.#open.size;
  }

  /** Is there room for this offset within the window? */
  hasRoom(offset: number): boolean {
    return this.#head >= this.#met.length || offset - this.base < this.#windowOffsets;
  }

  /** Meets the next record of the log; offsets rise. Answers whether it is to be handed out: else it is done already. Throws for an offset met before. */
  admit(offset: number): boolean {
    if (offset < this.#next) throw new RangeError(`offset ${offset} was met before: the next is ${this.#next}`);
    this.#met.push(offset);
    this.#next = offset + 1;
    if (this.#before.delete(offset)) {
      this.#rise();
      return false;
    }
    this.#open.add(offset);
    return true;
  }

  holds(offset: number): boolean {
    return this.#open.has(offset);
  }

  /** It is done. Answers `false` for one that is not in hand. */
  finish(offset: number): boolean {
    if (!this.#open.delete(offset)) return false;
    this.#rise();
    return true;
  }

  /** What is done above the watermark, ascending: what a note has to carry. */
  doneAbove(): number[] {
    const done: number[] = [];
    for (let at = this.#head; at < this.#met.length; at += 1) {
      const offset = this.#met[at] as number;
      if (!this.#open.has(offset)) done.push(offset);
    }
    for (const offset of [...this.#before].sort((one, other) => one - other))
      if (offset >= this.#next) done.push(offset);
    return done;
  }

  #rise(): void {
    while (this.#head < this.#met.length && !this.#open.has(this.#met[this.#head] as number)) this.#head += 1;
    if (this.#head > 1_024 && this.#head * 2 > this.#met.length) {
      this.#met = this.#met.slice(this.#head);
      this.#head = 0;
    }
  }
}
