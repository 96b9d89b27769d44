import { VirtualClock } from "@org/dispatch-core";

/** More turns than any case needs at one moment, and few enough to be counted quickly. */
const MOST_TURNS = 20_000;

/**
 * A virtual clock that notices a hot loop (I15): something that is tried again and again without any time between. Such a loop is stopped, so that the
 * case fails instead of hanging.
 */
export class GuardedClock extends VirtualClock {
  isHot = false;
  #turns = 0;
  #at = 0;

  override soon(run: () => void): void {
    if (this.now() !== this.#at) {
      this.#at = this.now();
      this.#turns = 0;
    }
    this.#turns += 1;
    if (this.#turns > MOST_TURNS) this.isHot = true;
    if (!this.isHot) super.soon(run);
  }
}
