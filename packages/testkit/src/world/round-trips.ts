import type { Queue, Want } from "@org/dispatch-core/contract";
import type { Process } from "./process.ts";

/**
 * How long a process waits for what it asks its work queues for. A worker takes in advance what its slots use up meanwhile, and on a busy machine that may
 * be something where it is nothing else: what it may hold can only be said of what it has seen.
 */
export class RoundTrips {
  #slowestMs = 0;

  watch(process: Process): void {
    process.intercept("receive", async ({ args, proceed }) => {
      const [{ role }, { max }] = args as readonly [Queue, Want];
      const askedAt = process.clock.now();
      const deliveries = (await proceed()) as readonly unknown[];
      // One that brought less has waited for more.
      if (role === "work" && max > 0 && deliveries.length >= max)
        this.#slowestMs = Math.max(this.#slowestMs, process.clock.now() - askedAt);
      return deliveries;
    });
  }

  /** How many tasks of `taskMs` the slots use up in the slowest of them: at most so many are held beside those that run. */
  inAdvance(concurrency: number, taskMs: number): number {
    return Math.floor((concurrency * this.#slowestMs) / taskMs);
  }
}
