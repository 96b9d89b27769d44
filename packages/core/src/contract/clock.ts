/** A timer that was set; cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The only source of time. `now` is monotonic and is what leases are counted in; `wall` is read once at start and goes on monotonically, so that a
 * jump of the machine's clock changes nothing in a running process.
 */
export interface Clock {
  /** Monotonic, in ms, from an arbitrary start. */
  now(): number;
  /** Ms since 1970: for due times and deadlines that cross processes, never for a lease. */
  wall(): number;
  /** Calls `run` once after `ms`, never before. `background` timers do not keep the process alive. */
  after(ms: number, run: () => void, background?: boolean): Timer;
  /** Calls `run` once, after the I/O that is ready now: the moment to flush a batch. */
  soon(run: () => void): void;
}
