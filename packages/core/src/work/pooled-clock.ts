import type { Clock, Timer } from "../contract/index.ts";

/** One alarm among many of the same length: set later means due later, so they stand in a row. */
class Alarm implements Timer {
  readonly dueAt: number;
  readonly #row: Row;
  #run: (() => void) | undefined;

  constructor(row: Row, dueAt: number, run: () => void) {
    this.#row = row;
    this.dueAt = dueAt;
    this.#run = run;
  }

  get isSet(): boolean {
    return this.#run !== undefined;
  }

  cancel(): void {
    if (this.#run === undefined) return;
    this.#run = undefined;
    this.#row.left();
  }

  ring(): void {
    const run = this.#run;
    this.cancel();
    run?.();
  }
}

/** So many lengths get a row of their own; alarms of others get timers of their own. */
const MOST_ROWS = 16;

/**
 * A clock whose alarms cost almost nothing where thousands of the same length are set and cancelled, as timeouts of tasks are: one timer of the clock
 * below for each length, at the first alarm that is still set. An alarm that is cancelled is dropped when its turn comes.
 */
export class PooledClock implements Clock {
  readonly #clock: Clock;
  readonly #rows = new Map<number, Row>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  wall(): number {
    return this.#clock.wall();
  }

  soon(run: () => void): void {
    this.#clock.soon(run);
  }

  after(ms: number, run: () => void, background = false): Timer {
    let row = this.#rows.get(ms);
    if (row === undefined) {
      // Deadlines are all different: a row for each would help nobody.
      if (background || !Number.isInteger(ms) || this.#rows.size >= MOST_ROWS)
        return this.#clock.after(ms, run, background);
      row = new Row(this.#clock, ms);
      this.#rows.set(ms, row);
    }
    return row.add(run);
  }
}

class Row {
  readonly #clock: Clock;
  readonly #ms: number;
  #alarms: Alarm[] = [];
  #head = 0;
  #set = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  add(run: () => void): Alarm {
    const alarm = new Alarm(this, this.#clock.now() + this.#ms, run);
    this.#set += 1;
    this.#dropCancelled();
    this.#alarms.push(alarm);
    this.#arm();
    return alarm;
  }

  /** An alarm is not set any more. A timer for nobody would keep the process alive. */
  left(): void {
    this.#set -= 1;
    if (this.#set > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const first = this.#alarms[this.#head];
    if (this.#timer !== undefined || first === undefined) return;
    this.#timer = this.#clock.after(first.dueAt - this.#clock.now(), () => {
      this.#timer = undefined;
      this.#ring();
      this.#arm();
    });
  }

  #ring(): void {
    for (;;) {
      this.#dropCancelled();
      const first = this.#alarms[this.#head];
      if (first === undefined || first.dueAt > this.#clock.now()) return;
      this.#head += 1;
      first.ring();
    }
  }

  #dropCancelled(): void {
    while (this.#head < this.#alarms.length && !(this.#alarms[this.#head] as Alarm).isSet) this.#head += 1;
    if (this.#head === this.#alarms.length) {
      this.#alarms.length = 0;
      this.#head = 0;
    } else if (this.#head > 1_024) {
      this.#alarms = this.#alarms.slice(this.#head);
      this.#head = 0;
    }
  }
}
