import type { Clock } from "../contract/index.ts";

/**
 * When leases end that the broker keeps, as far as this process can tell: so many ms after their grant was heard of. For a broker that lets a holder whose
 * lease is over do harm, so that its adapter asks before it acts. Whether a lease still holds for a handler is core's to say, and stricter.
 */
export class LeaseEnds<R extends object> {
  readonly #clock: Clock;
  readonly #endsAtMs = new WeakMap<R, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Monotonic ms: before a renewal is asked for. */
  now(): number {
    return this.#clock.now();
  }

  granted(receipt: R, leaseMs: number, fromMs: number = this.#clock.now()): void {
    this.#endsAtMs.set(receipt, fromMs + leaseMs);
  }

  /** How much of the lease is left, in ms; 0 where none was granted here. */
  leftMs(receipt: R): number {
    return Math.max(0, (this.#endsAtMs.get(receipt) ?? 0) - this.#clock.now());
  }

  /** May the lease be over by now, or in `marginMs`? One that was never granted here is. */
  isOver(receipt: R, marginMs: number): boolean {
    return this.#clock.now() + marginMs >= (this.#endsAtMs.get(receipt) ?? Number.NEGATIVE_INFINITY);
  }
}
