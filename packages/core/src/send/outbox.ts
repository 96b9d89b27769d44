import { type Backoff, backoffMs, type Random } from "../backoff.ts";
import type { Sent } from "../call.ts";
import type { Clock } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { Batcher, type BatcherOptions, type Outbound } from "./batcher.ts";

export interface OutboxOptions<T extends Outbound> extends BatcherOptions<T> {
  readonly random: Random;
}

/** Between two looks at a queue that is at its bound. */
const FULL: Backoff = { baseMs: 20, maxMs: 2_000 };

/** Frames of one run on their way out. A queue at its bound is back-pressure here, not an end: the frame is sent again when others have gone. */
export class Outbox<T extends Outbound> {
  readonly #batcher: Batcher<T>;
  readonly #clock: Clock;
  readonly #random: Random;
  #full: T[] = [];
  #tries = 0;
  #roomy: (() => void)[] = [];

  /** `answered` is told every outcome but `QUEUE_FULL`. */
  constructor(options: OutboxOptions<T>) {
    const { clock, random, answered } = options;
    this.#clock = clock;
    this.#random = random;
    const told = (sent: T, outcome: Sent) => {
      if (outcome instanceof DispatchError && outcome.code === "QUEUE_FULL") {
        this.#wait(sent);
        return;
      }
      this.#tries = 0;
      answered(sent, outcome);
    };
    this.#batcher = new Batcher<T>({ ...options, answered: told });
  }

  send(outbound: T): void {
    this.#batcher.add(outbound);
  }

  /** Undefined while more may be sent; else resolves when it may. */
  room(): Promise<void> | undefined {
    if (this.#full.length === 0) return this.#batcher.room();
    return new Promise((resolve) => this.#roomy.push(resolve));
  }

  #wait(waiting: T): void {
    this.#full.push(waiting);
    if (this.#full.length > 1) return;
    this.#clock.after(backoffMs(FULL, this.#tries, this.#random), () => {
      this.#tries += 1;
      for (const outbound of this.#full.splice(0)) this.send(outbound);
      for (const resolve of this.#roomy.splice(0)) resolve();
    });
  }
}
