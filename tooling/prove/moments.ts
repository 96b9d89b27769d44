/** The time at which something happens next. */
export class Moments {
  #waiting: ((atMs: number) => void)[] = [];

  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  happened(atMs: number): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(atMs);
  }

  next(): Promise<number> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
