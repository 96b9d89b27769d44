export interface PackSizes {
  /** How much work, in ms of handlers' time, a pack should hold. */
  readonly targetPackMs: number;
  /** Until it is known how long a task takes. */
  readonly initialBatchSize: number;
  readonly maxBatchSize: number;
}

/** How fast an old measurement fades. */
const WEIGHT = 0.05;

/** A task that takes a whole pack's time travels alone; how much longer than that it takes changes little. */
const OUTLIER = 10;

/** How many tasks a pack should hold: as many as make up `targetPackMs`, from what the results say. */
export class PackSizer {
  readonly #sizes: PackSizes;
  #taskMs: number | undefined;

  constructor(sizes: PackSizes) {
    this.#sizes = sizes;
  }

  /** A handler took so long, says a worker: one that says nonsense, or a task that took all day, does not spoil it for long. */
  ran(ms: number): void {
    if (!(ms >= 0)) return;
    const most = Math.min(ms, OUTLIER * this.#sizes.targetPackMs);
    this.#taskMs = this.#taskMs === undefined ? most : this.#taskMs + WEIGHT * (most - this.#taskMs);
  }

  /** `left`: the tasks that have no outcome yet. Two packs for each worker share them, so that none has the tail for itself. At least 1. */
  size(left: number, workers: number): number {
    const { targetPackMs, initialBatchSize, maxBatchSize } = this.#sizes;
    const taskMs = this.#taskMs;
    const wanted = taskMs === undefined ? initialBatchSize : targetPackMs / Math.max(taskMs, 0.001);
    const share = Math.ceil(left / (2 * Math.max(1, workers)));
    return Math.max(1, Math.floor(Math.min(wanted, maxBatchSize, share)));
  }
}
