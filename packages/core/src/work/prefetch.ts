/** How fast an old measurement fades. */
const WEIGHT = 0.2;

/** The most frames that are taken in advance; each is covered by a lease. */
const MOST = 1_000;

/**
 * How many frames to hold beyond those that run: what `concurrency` handlers use up during one round trip to the broker. None while nothing is known,
 * and none for long tasks, so that no worker hoards what another could run.
 */
export class Prefetch {
  readonly #concurrency: number;
  #roundTripMs = 0;
  #taskMs: number | undefined;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** A receive that did not have to wait took so long. */
  received(ms: number): void {
    this.#roundTripMs = this.#roundTripMs === 0 ? ms : this.#roundTripMs + WEIGHT * (ms - this.#roundTripMs);
  }

  ran(ms: number): void {
    this.#taskMs = this.#taskMs === undefined ? ms : this.#taskMs + WEIGHT * (ms - this.#taskMs);
  }

  get frames(): number {
    if (this.#taskMs === undefined) return 0;
    return Math.min(MOST, Math.floor((this.#concurrency * this.#roundTripMs) / Math.max(this.#taskMs, 0.001)));
  }
}
