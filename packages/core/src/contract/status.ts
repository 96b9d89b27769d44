/** Where a run stands. */
export interface Progress {
  /** Inputs that were read. */
  readonly total: number;
  /** Tasks that the broker has taken. */
  readonly sent: number;
  readonly outstanding: number;
  readonly completed: number;
  readonly dead: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly retried: number;
  /** Workers that have tasks of this coordinator in hand, by their beats, or have brought a result within a lease and not said since that they have none. */
  readonly activeWorkers: number;
  readonly inputEnded: boolean;
}

/** Where a worker stands. */
export interface WorkerStatus {
  /** Frames in hand, running ones included. */
  readonly held: number;
  /** Tasks of these that have no outcome yet. */
  readonly tasks: number;
  /** Handlers at work, also those whose end is already decided. */
  readonly running: number;
  /** Tasks that ended here: completed, dead, expired or cancelled. */
  readonly finished: number;
  /** Frames given back without penalty. */
  readonly released: number;
}
