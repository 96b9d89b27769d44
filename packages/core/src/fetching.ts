import type { Random } from "./backoff.ts";
import type { Calls } from "./call.ts";
import type { Clock, Delivery, Queue } from "./contract/index.ts";
import { Fetcher } from "./work/fetcher.ts";
import { LaneCredit } from "./work/lane-credit.ts";
import { Prefetch } from "./work/prefetch.ts";

export interface FetchingPort {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly random: Random;
  readonly leaseMs: number;
  readonly concurrency: number;
  /** The lanes, highest first, and their weights. */
  readonly queues: readonly Queue[];
  readonly weights: readonly number[];
  /** Tasks in hand; handlers that still run though their task is not; tasks that wait for a slot. */
  load(): { readonly held: number; readonly zombies: number; readonly waiting: number };
  /** How many tasks may be held, of `capacity`: fewer around a last chance. */
  most(capacity: number, held: number): number;
  granted(lane: number, deliveries: readonly Delivery[], requestedAt: number): Promise<void>;
}

/** A worker's standing receives, one a lane, and the credit that they share. */
export class Fetching {
  readonly #port: FetchingPort;
  readonly #prefetch: Prefetch;
  readonly #credits: LaneCredit;
  readonly #fetchers: readonly Fetcher[];

  constructor(port: FetchingPort) {
    const { calls, clock, random, leaseMs } = port;
    this.#port = port;
    this.#prefetch = new Prefetch(port.concurrency);
    this.#credits = new LaneCredit(port.weights);
    this.#fetchers = port.queues.map(
      (queue, lane) =>
        new Fetcher({
          calls,
          clock,
          random,
          leaseMs,
          queue,
          credit: (pending) => this.#credits.ask(lane, pending > 0 ? this.#creditBeside(pending) : this.#credit()),
          stands: () => this.#credits.stands(lane),
          isMeasured: () => this.#prefetch.isMeasured,
          answered: (brought) => {
            this.#credits.answered(lane, brought);
            // What this lane did not take is another's now.
            if (this.#fetchers.length > 1) this.wake();
          },
          granted: (deliveries, requestedAt, full) => {
            if (full) this.#prefetch.received(clock.now() - requestedAt);
            return port.granted(lane, deliveries, requestedAt);
          },
        }),
    );
  }

  /** Resolves when all have ended: `signal` says that nothing more is asked for, `callBack` that nothing more is waited for. */
  async run(signal: AbortSignal, callBack: AbortSignal): Promise<void> {
    await Promise.all(this.#fetchers.map((fetcher) => fetcher.run(signal, callBack)));
  }

  /** There may be credit again: for the highest lane first. */
  wake(): void {
    for (const fetcher of this.#fetchers) fetcher.wake();
  }

  /** A handler took so long: what is fetched in advance follows from it. */
  ran(durationMs: number): void {
    this.#prefetch.ran(durationMs);
  }

  /** A receive brought frames, with so many tasks in all: how many frames are asked for follows from it. */
  brought(frames: number, tasks: number): void {
    this.#prefetch.brought(frames, tasks);
  }

  /** Frames that may be taken now, by the tasks that there is room for. A few are not worth a call while there is something to do. */
  #credit(pendingTasks = 0): number {
    const { held, zombies, waiting } = this.#port.load();
    const capacity = this.#port.concurrency - zombies + this.#prefetch.tasks;
    const credit = this.#port.most(capacity, held + pendingTasks + zombies) - held - pendingTasks;
    return waiting + pendingTasks > 0 && credit < capacity / 4 ? 0 : this.#prefetch.framesFor(credit);
  }

  /** The same, while some are here that nobody has looked at yet. Several lanes share what is left when all know what that is. */
  #creditBeside(pending: number): number {
    return this.#fetchers.length > 1 ? 0 : this.#credit(this.#prefetch.tasksOf(pending));
  }
}
