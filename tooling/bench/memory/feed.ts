/** Inputs that come one by one, while somebody waits for them. For one reader, who asks for the next before it is pushed or after. */
export class Feed<T> implements AsyncIterable<T>, AsyncIterator<T> {
  readonly #pushed: T[] = [];
  #waiting: ((step: IteratorResult<T>) => void) | undefined;

  push(value: T): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#pushed.push(value);
    else waiting({ done: false, value });
  }

  next(): Promise<IteratorResult<T>> {
    const value = this.#pushed.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
