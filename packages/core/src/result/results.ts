import type { Result } from "../contract/index.ts";

/** Results between the coordinator, which pushes, and the one reader, which pulls; ordered by index where that is wanted. */
export class Results<O> {
  readonly #ordered: boolean;
  #ready: Result<O>[] = [];
  #head = 0;
  readonly #early = new Map<number, Result<O>>();
  #next = 0;
  #waiting: (() => void)[] = [];
  #ended = false;
  /** Nobody will read: results are only counted. */
  #discard = false;

  constructor(ordered: boolean) {
    this.#ordered = ordered;
  }

  get isDropped(): boolean {
    return this.#discard;
  }

  /** Answers whether it is kept for the reader. */
  push(result: Result<O>): boolean {
    if (this.#discard) return false;
    if (!this.#ordered) this.#ready.push(result);
    else {
      this.#early.set(result.index, result);
      for (let due = this.#early.get(this.#next); due !== undefined; due = this.#early.get(this.#next)) {
        this.#early.delete(this.#next);
        this.#ready.push(due);
        this.#next += 1;
      }
    }
    this.#notify();
    return true;
  }

  end(): void {
    this.#ended = true;
    // Whatever is missing in between will never come.
    for (const index of [...this.#early.keys()].sort((a, b) => a - b))
      this.#ready.push(this.#early.get(index) as Result<O>);
    this.#early.clear();
    this.#notify();
  }

  /** From now on nothing is kept; answers how many results are dropped by that. */
  discard(): number {
    this.#discard = true;
    const dropped = this.#ready.length - this.#head + this.#early.size;
    this.#ready = [];
    this.#head = 0;
    this.#early.clear();
    this.#notify();
    return dropped;
  }

  /** A result that is there already. */
  takeNow(): Result<O> | undefined {
    if (this.#head === this.#ready.length) return undefined;
    const result = this.#ready[this.#head] as Result<O>;
    this.#ready[this.#head] = undefined as never;
    this.#head += 1;
    if (this.#head === this.#ready.length) {
      this.#ready = [];
      this.#head = 0;
    } else if (this.#head > 1_024 && this.#head * 2 > this.#ready.length) {
      this.#ready = this.#ready.slice(this.#head);
      this.#head = 0;
    }
    return result;
  }

  /** The next result, or `undefined` at the end. */
  async take(): Promise<Result<O> | undefined> {
    for (;;) {
      const result = this.takeNow();
      if (result !== undefined) return result;
      if (this.#ended || this.#discard) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #notify(): void {
    if (this.#waiting.length === 0) return;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
