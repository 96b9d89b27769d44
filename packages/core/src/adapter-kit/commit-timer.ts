import type { Clock, Timer } from "../contract/index.ts";

export interface CommitTimerPort {
  readonly clock: Clock;
  /** The longest time from a completion to the commit that makes it durable; the profile's `ackLagMs`. */
  readonly everyMs: number;
  /** So many completions are committed at once, whatever the time. */
  readonly everyFrames: number;
  /** Writes what is done. Must not throw; what failed is told by `failed`. */
  commit(): void;
}

/** Says when a log's client commits: some time after the first completion that is not committed, or after so many of them. */
export class CommitTimer {
  readonly #port: CommitTimerPort;
  #frames = 0;
  #timer: Timer | undefined;

  constructor(port: CommitTimerPort) {
    this.#port = port;
  }

  /** So many completions that no commit has yet. */
  done(frames: number): void {
    if (frames === 0) return;
    this.#frames += frames;
    if (this.#frames >= this.#port.everyFrames) this.flush();
    else this.failed();
  }

  /** A commit did not arrive: once more after so long, or after the interval. */
  failed(afterMs = this.#port.everyMs): void {
    this.#timer ??= this.#port.clock.after(afterMs, () => this.flush(), true);
  }

  /** Commits now, if there is anything to. */
  flush(): void {
    if (this.#frames === 0 && this.#timer === undefined) return;
    this.stop();
    this.#port.commit();
  }

  stop(): void {
    this.#frames = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
