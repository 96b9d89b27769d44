import { VirtualClock } from "@org/dispatch-core";

/** More turns than any case needs at one moment, and few enough to be counted quickly. */
const MOST_TURNS = 20_000;
/** Calls of a backend, likewise. */
const MOST_CALLS = 10_000;

/**
 * A virtual clock that notices a hot loop (I15): something that is tried again and again without any time between. Such a loop is stopped, so that the
 * case fails instead of hanging.
 */
export class GuardedClock extends VirtualClock {
  isHot = false;
  #turns = 0;
  #calls = 0;
  #at = 0;

  override soon(run: () => void): void {
    this.#look();
    this.#turns += 1;
    if (this.#turns > MOST_TURNS) this.isHot = true;
    if (!this.isHot) super.soon(run);
  }

  /** Counts a call, and answers whether it may go on. A loop of calls that are answered at once gives nothing else a turn, the runner's timer neither. */
  mayCall(): boolean {
    this.#look();
    this.#calls += 1;
    if (this.#calls > MOST_CALLS) this.isHot = true;
    return !this.isHot;
  }

  #look(): void {
    if (this.now() === this.#at) return;
    this.#at = this.now();
    this.#turns = 0;
    this.#calls = 0;
  }
}
