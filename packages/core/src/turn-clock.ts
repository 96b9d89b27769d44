import type { Clock } from "./contract/index.ts";

/** The time of a turn of the event loop, for whom that is near enough: what is asked for each of a thousand tasks is read once for all of them. */
export class TurnClock {
  readonly #clock: Clock;
  #now: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Monotonic ms. */
  now(): number {
    if (this.#now === undefined) {
      this.#now = this.#clock.now();
      this.#clock.soon(() => {
        this.#now = undefined;
      });
    }
    return this.#now;
  }
}
