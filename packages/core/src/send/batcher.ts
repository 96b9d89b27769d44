import type { Calls, Sent } from "../call.ts";
import type { Clock, OutFrame, Queue } from "../contract/index.ts";
import type { Until } from "../retrying.ts";

/** Something whose frame is to be sent. */
export interface Outbound {
  readonly frame: OutFrame | undefined;
}

export interface BatcherOptions<T extends Outbound> {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly queue: Queue;
  /** How long each batch may take. */
  until(): Until;
  /** What became of it. */
  answered(sent: T, outcome: Sent): void;
}

/** More frames a batch gained nothing (and block a single-threaded broker for longer). */
const BATCH_FRAMES = 500;

/** So many batches under way hide the round trip; more only use memory. */
const BATCHES_IN_FLIGHT = 4;

/**
 * Gathers frames for one queue into batches: as many as come within a turn of the event loop, cut by the backend's limits. Whoever adds in a loop awaits
 * `room` when it is not undefined.
 */
export class Batcher<T extends Outbound> {
  readonly #options: BatcherOptions<T>;
  readonly #batchFrames: number;
  #entries: T[] = [];
  #scheduled = false;
  #inFlight = 0;
  #waiting: (() => void)[] = [];

  constructor(options: BatcherOptions<T>) {
    this.#options = options;
    this.#batchFrames = Math.min(BATCH_FRAMES, options.calls.backend.profile.limits.batchFrames);
  }

  add(outbound: T): void {
    this.#entries.push(outbound);
    if (!this.#scheduled) this.#schedule();
  }

  #schedule(): void {
    this.#scheduled = true;
    this.#options.clock.soon(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  /** Undefined while more may be added; else resolves when it may. */
  room(): Promise<void> | undefined {
    if (this.#entries.length < this.#batchFrames * BATCHES_IN_FLIGHT) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when all that was added has its outcome. */
  async idle(): Promise<void> {
    while (this.#entries.length > 0 || this.#inFlight > 0)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #flush(): void {
    while (this.#entries.length > 0 && this.#inFlight < BATCHES_IN_FLIGHT) {
      const batch = this.#entries.splice(0, this.#batchFrames);
      this.#inFlight += 1;
      void this.#send(batch).finally(() => {
        this.#inFlight -= 1;
        this.#flush();
        for (const resolve of this.#waiting.splice(0)) resolve();
      });
    }
  }

  async #send(batch: readonly T[]): Promise<void> {
    const { calls, queue, until } = this.#options;
    const frames = batch.map(({ frame }) => frame as OutFrame);
    const outcomes = await calls.send(queue, frames, until());
    for (let index = 0; index < batch.length; index += 1)
      this.#options.answered(batch[index] as T, outcomes[index] as Sent);
  }
}
