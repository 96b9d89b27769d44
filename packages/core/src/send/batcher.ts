import type { Calls, Sent, Until } from "../call.ts";
import type { Clock, OutFrame, Queue } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";

export interface BatcherOptions {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly queue: Queue;
  /** How long each batch may take. */
  until(): Until;
}

interface Entry {
  readonly frame: OutFrame;
  readonly done: (outcome: Sent) => void;
}

/** More frames a batch gained nothing (and block a single-threaded broker for longer). */
const BATCH_FRAMES = 500;

/** So many batches under way hide the round trip; more only use memory. */
const BATCHES_IN_FLIGHT = 4;

/**
 * Gathers frames for one queue into batches: as many as come within a turn of the event loop, cut by the backend's limits. Whoever adds in a loop awaits
 * `room` when it is not undefined.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #batchFrames: number;
  #entries: Entry[] = [];
  #scheduled = false;
  #inFlight = 0;
  #waiting: (() => void)[] = [];

  constructor(options: BatcherOptions) {
    this.#options = options;
    this.#batchFrames = Math.min(BATCH_FRAMES, options.calls.backend.profile.limits.batchFrames);
  }

  add(frame: OutFrame, done: (outcome: Sent) => void): void {
    this.#entries.push({ frame, done });
    if (this.#scheduled) return;
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

  async #send(batch: readonly Entry[]): Promise<void> {
    const { calls, queue, until } = this.#options;
    const outcomes = await calls.send(
      queue,
      batch.map(({ frame }) => frame),
      until(),
    );
    batch.forEach(({ done }, index) => {
      done(outcomes[index] ?? new DispatchError("UNAVAILABLE", "the backend gave no outcome for a frame"));
    });
  }
}
