import type { Clock, Timer } from "@org/dispatch-core/contract";

/** A clock that knows how many of its timers have neither fired nor been cancelled. */
export class CountingClock implements Clock {
  readonly #inner: Clock;
  readonly #pending = new Set<object>();

  constructor(inner: Clock) {
    this.#inner = inner;
  }

  get pending(): number {
    return this.#pending.size;
  }

  now(): number {
    return this.#inner.now();
  }

  wall(): number {
    return this.#inner.wall();
  }

  soon(run: () => void): void {
    this.#inner.soon(run);
  }

  after(ms: number, run: () => void, background?: boolean): Timer {
    const entry = {};
    this.#pending.add(entry);
    const timer = this.#inner.after(
      ms,
      () => {
        this.#pending.delete(entry);
        run();
      },
      background,
    );
    return {
      cancel: () => {
        this.#pending.delete(entry);
        timer.cancel();
      },
    };
  }
}
