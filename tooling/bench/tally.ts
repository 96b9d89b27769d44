/** Counts results, so that nobody is faster for having lost some. */
export class Tally {
  readonly #count: number;
  #taken = 0;
  #sum = 0;

  /** Expects each of the payloads from 0 to `count` - 1. */
  constructor(count: number) {
    this.#count = count;
  }

  get taken(): number {
    return this.#taken;
  }

  take(value: number): void {
    this.#taken += 1;
    this.#sum += value;
  }

  /** Throws an Error where the number or the sum of the results is wrong. */
  check(): void {
    const sum = (this.#count * (this.#count - 1)) / 2;
    if (this.#taken === this.#count && this.#sum === sum) return;
    throw new Error(`${this.#taken} results of the sum ${this.#sum}, expected ${this.#count} of the sum ${sum}`);
  }
}
