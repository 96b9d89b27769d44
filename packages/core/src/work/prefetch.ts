/** How fast an old measurement fades. */
const WEIGHT = 0.2;
const SLOW_WEIGHT = 0.02;

/** How fast large packs are forgotten, a receive at a time: soon enough for single frames to fill all slots again. */
const PACK_WEIGHT = 0.2;

/** The most tasks that are taken in advance; each is covered by a lease. */
const MOST = 1_000;

/**
 * How many tasks to hold beyond those that run: what `concurrency` handlers use up during one round trip to the broker. None while nothing is known,
 * and none for long tasks, so that no worker hoards what another could run.
 */
export class Prefetch {
  readonly #concurrency: number;
  #roundTripMs: number | undefined;
  #taskMs: number | undefined;
  /** In the receives so far: the largest of late counts most, since too many tasks are worse than a receive more. */
  #tasksPerFrame = 1;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** Is it known how long a round trip takes? */
  get isMeasured(): boolean {
    return this.#roundTripMs !== undefined;
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

  /** A receive brought frames, with so many tasks in all. */
  brought(frames: number, tasks: number): void {
    if (frames < 1) return;
    const now = Math.max(1, tasks / frames);
    const known = this.#tasksPerFrame;
    this.#tasksPerFrame = now > known ? now : known + PACK_WEIGHT * (now - known);
  }

  /** How many frames to ask for where so many tasks are wanted; one at least, since nobody knows what is in it. */
  framesFor(tasks: number): number {
    return tasks < 1 ? 0 : Math.max(1, Math.floor(tasks / this.#tasksPerFrame));
  }

  /** How many tasks so many frames hold, most likely. */
  tasksOf(frames: number): number {
    return Math.ceil(frames * this.#tasksPerFrame);
  }

  get tasks(): number {
    if (this.#taskMs === undefined || this.#roundTripMs === undefined) return 0;
    return Math.min(MOST, Math.floor((this.#concurrency * this.#roundTripMs) / Math.max(this.#taskMs, 0.001)));
  }
}
