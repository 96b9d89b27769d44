import type { Clock, Delivery, Timer, Want } from "../contract/index.ts";

type Answer = (deliveries: readonly Delivery[]) => void;

/** One `receive` that waits for its first frame. */
export class Waiter {
  readonly max: number;
  readonly leaseMs: number;
  readonly untilMs: number;
  readonly #answer: Answer;
  readonly #signal: AbortSignal;
  readonly #onAbort: () => void;
  #timer: Timer | undefined;

  constructor(want: Want, untilMs: number, signal: AbortSignal, onAbort: (waiter: Waiter) => void, answer: Answer) {
    this.max = want.max;
    this.leaseMs = want.leaseMs;
    this.untilMs = untilMs;
    this.#answer = answer;
    this.#signal = signal;
    this.#onAbort = () => onAbort(this);
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** The timer keeps the process alive, as a socket of another broker would: whoever waits for an answer must get one. */
  arm(clock: Clock, nowMs: number, run: (waiter: Waiter) => void): void {
    this.#timer = clock.after(Math.ceil(this.untilMs - nowMs), () => run(this));
  }

  /** Ends the waiting. Once only. */
  answer(deliveries: readonly Delivery[]): void {
    this.#timer?.cancel();
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#answer(deliveries);
  }
}

/** The receivers that wait at a queue, first come, first served. */
export class Waiters {
  readonly #waiting = new Set<Waiter>();

  get size(): number {
    return this.#waiting.size;
  }

  add(waiter: Waiter): void {
    this.#waiting.add(waiter);
  }

  /** Takes one out; answers whether it still waited. */
  remove(waiter: Waiter): boolean {
    return this.#waiting.delete(waiter);
  }

  has(waiter: Waiter): boolean {
    return this.#waiting.has(waiter);
  }

  /** Takes out the one that has waited longest. */
  shift(): Waiter | undefined {
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter);
      return waiter;
    }
    return undefined;
  }
}
