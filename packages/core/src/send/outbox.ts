import { type Backoff, backoffMs, type Random } from "../backoff.ts";
import type { Sent } from "../call.ts";
import type { Clock, OutFrame } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import type { Batcher } from "./batcher.ts";

/** Between two looks at a queue that is at its bound. */
const FULL: Backoff = { baseMs: 20, maxMs: 2_000 };

interface Waiting {
  readonly frame: OutFrame;
  readonly done: (outcome: Sent) => void;
}

/** Frames of one run on their way out. A queue at its bound is back-pressure here, not an end: the frame is sent again when others have gone. */
export class Outbox {
  readonly #batcher: Batcher;
  readonly #clock: Clock;
  readonly #random: Random;
  #full: Waiting[] = [];
  #tries = 0;
  #roomy: (() => void)[] = [];

  constructor(batcher: Batcher, clock: Clock, random: Random) {
    this.#batcher = batcher;
    this.#clock = clock;
    this.#random = random;
  }

  /** `done` is told every outcome but `QUEUE_FULL`. */
  send(frame: OutFrame, done: (outcome: Sent) => void): void {
    this.#batcher.add(frame, (outcome) => {
      if (outcome instanceof DispatchError && outcome.code === "QUEUE_FULL") {
        this.#wait({ frame, done });
        return;
      }
      this.#tries = 0;
      done(outcome);
    });
  }

  /** Undefined while more may be sent; else resolves when it may. */
  room(): Promise<void> | undefined {
    if (this.#full.length === 0) return this.#batcher.room();
    return new Promise((resolve) => this.#roomy.push(resolve));
  }

  #wait(waiting: Waiting): void {
    this.#full.push(waiting);
    if (this.#full.length > 1) return;
    this.#clock.after(backoffMs(FULL, this.#tries, this.#random), () => {
      this.#tries += 1;
      for (const { frame, done } of this.#full.splice(0)) this.send(frame, done);
      for (const resolve of this.#roomy.splice(0)) resolve();
    });
  }
}
