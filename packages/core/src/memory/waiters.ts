import type { Clock, Delivery, Timer, Want } from "../contract/index.ts";

type Answer = (deliveries: readonly Delivery[]) => void;

/** One `receive` that waits for its first frame. */
export class Waiter {
  readonly max: number;
  readonly leaseMs: number;
  readonly untilMs: number;
  #answer: Answer | undefined;
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

  /**
   * Ends the waiting. Once only. It lets go of its answer: what is over but was here long enough to be in the old part of the heap would keep the deliveries,
   * with all that they hold, until that part is collected.
   */
  answer(deliveries: readonly Delivery[]): void {
    const answer = this.#answer;
    this.#answer = undefined;
    this.#timer?.cancel();
    this.#signal.removeEventListener("abort", this.#onAbort);
    answer?.(deliveries);
  }
}

/** The receivers that wait at a queue, first come, first served. A list: the tables that a Set leaves behind keep who was in them, and few ever wait. */
export class Waiters {
  readonly #waiting: Waiter[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  add(waiter: Waiter): void {
    this.#waiting.push(waiter);
  }

  /** Takes one out; answers whether it still waited. */
  remove(waiter: Waiter): boolean {
    const place = this.#waiting.indexOf(waiter);
    if (place >= 0) this.#waiting.splice(place, 1);
    return place >= 0;
  }

  has(waiter: Waiter): boolean {
    return this.#waiting.includes(waiter);
  }

  /** Takes out the one that has waited longest. */
  shift(): Waiter | undefined {
    return this.#waiting.shift();
  }
}
