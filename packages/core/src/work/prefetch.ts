/** How fast an old measurement fades. */
const WEIGHT = 0.2;
const SLOW_WEIGHT = 0.02;

/** The most frames that are taken in advance; each is covered by a lease. */
const MOST = 1_000;

/**
 * How many frames to hold beyond those that run: what `concurrency` handlers use up during one round trip to the broker. None while nothing is known,
 * and none for long tasks, so that no worker hoards what another could run.
 */
export class Prefetch {
  readonly #concurrency: number;
  #roundTripMs: number | undefined;
  #taskMs: number | undefined;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /**
   * A receive that brought all that it asked for took so long. It may have waited a little: so a shorter time counts at once, a longer one slowly.
   */
  received(ms: number): void {
    const known = this.#roundTripMs;
    this.#roundTripMs = known === undefined || ms < known ? ms : known + SLOW_WEIGHT * (ms - known);
  }

  ran(ms: number): void {
    this.#taskMs = this.#taskMs === undefined ? ms : this.#taskMs + WEIGHT * (ms - this.#taskMs);
  }

  get frames(): number {
    if (this.#taskMs === undefined || this.#roundTripMs === undefined) return 0;
    return Math.min(MOST, Math.floor((this.#concurrency * this.#roundTripMs) / Math.max(this.#taskMs, 0.001)));
  }
}
