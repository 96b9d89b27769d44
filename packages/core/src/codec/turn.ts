import type { Clock } from "../contract/index.ts";
import type { Eventual } from "../eventual.ts";

/** A fifth of what an event loop may stand still (50 ms): codecs are not alone in it, and one piece of work may go over by a few ms. */
const TURN_MS = 10;

/**
 * Time for work that is done on the spot. As much as 10 ms of it a turn of the event loop is done at once; what is beyond waits for the next turn, in
 * its order. So a batch of bodies, each small, cannot hold up the renewals of leases.
 */
export class Turn {
  readonly #clock: Pick<Clock, "now" | "soon">;
  #spentMs = 0;
  #scheduled = false;
  #waiting: (() => void)[] = [];

  constructor(clock: Pick<Clock, "now" | "soon">) {
    this.#clock = clock;
  }

  /** Throws, or rejects with, what the work throws. */
  spend<T>(work: () => T): Eventual<T> {
    this.#schedule();
    if (this.#spentMs < TURN_MS && this.#waiting.length === 0) return this.#do(work);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(this.#do(work));
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  #do<T>(work: () => T): T {
    const startedAt = this.#clock.now();
    try {
      return work();
    } finally {
      this.#spentMs += this.#clock.now() - startedAt;
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.soon(() => {
      this.#scheduled = false;
      this.#spentMs = 0;
      while (this.#waiting.length > 0 && this.#spentMs < TURN_MS) this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}
