/** Seconds of a task's life: from a handler that returns at once to one of half an hour. */
export const TASK_BOUNDS: readonly number[] = Object.freeze([
  0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800,
]);

/** Seconds of a call to a broker. */
export const CALL_BOUNDS: readonly number[] = Object.freeze([
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
]);

/** Tasks of a frame. */
export const PACK_BOUNDS: readonly number[] = Object.freeze([1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]);

/** How often a value was at most a bound, above the bound before. Cheap enough for every task: no label is hashed before somebody scrapes. */
export class Buckets {
  readonly bounds: readonly number[];
  /** One for each bound, and one for what is above all of them. */
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number, times = 1): void {
    const { bounds } = this;
    let place = 0;
    while (place < bounds.length && value > (bounds[place] as number)) place += 1;
    this.counts[place] = (this.counts[place] as number) + times;
    this.sum += value * times;
    this.count += times;
  }
}
