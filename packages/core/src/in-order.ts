import type { Eventual } from "./eventual.ts";

interface Waiting<T> {
  readonly deliver: (value: T) => void;
  readonly failed: (error: unknown) => void;
  end: { readonly value: T } | { readonly error: unknown } | undefined;
}

/** So many values in the making use all threads and more; each may hold a large body. */
const MOST_WAITING = 16;

/**
 * Hands values on in the order in which they were added, also where an earlier one is still being made: a large payload that is compressed elsewhere
 * must not be overtaken by the small one behind it. Where nothing is being made, a value is handed on at once.
 */
export class InOrder<T> {
  #waiting: Waiting<T>[] = [];
  #roomy: (() => void)[] = [];

  add(value: Eventual<T>, deliver: (value: T) => void, failed: (error: unknown) => void): void {
    if (!(value instanceof Promise) && this.#waiting.length === 0) {
      deliver(value);
      return;
    }
    const waiting: Waiting<T> = { deliver, failed, end: undefined };
    this.#waiting.push(waiting);
    if (!(value instanceof Promise)) {
      waiting.end = { value };
      return;
    }
    value.then(
      (made) => this.#ended(waiting, { value: made }),
      (error: unknown) => this.#ended(waiting, { error }),
    );
  }

  /** How many values wait, ready or not. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Undefined while more may be added; else resolves when it may. */
  room(): Promise<void> | undefined {
    if (this.#waiting.length < MOST_WAITING) return undefined;
    return new Promise((resolve) => this.#roomy.push(resolve));
  }

  /** Resolves when all that was added was handed on. */
  async idle(): Promise<void> {
    while (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#roomy.push(resolve));
  }

  #ended(waiting: Waiting<T>, end: NonNullable<Waiting<T>["end"]>): void {
    waiting.end = end;
    for (let first = this.#waiting[0]; first?.end !== undefined; first = this.#waiting[0]) {
      this.#waiting.shift();
      if ("value" in first.end) first.deliver(first.end.value);
      else first.failed(first.end.error);
    }
    for (const resolve of this.#roomy.splice(0)) resolve();
  }
}
