import { Calls } from "./call.ts";
import { BodyCodec } from "./codec/body.ts";
import type { Backend, Depth, Queue } from "./contract/index.ts";
import { DeadLetters } from "./dead-letters.ts";
import { guard } from "./errors.ts";
import { type AdminOptions, adminSettings } from "./plan/options.ts";
import { deadQueue } from "./queues.ts";
import { Routes } from "./routes.ts";
import { OPEN_MS } from "./worker.ts";

/** What lies in a queue, as far as the backend knows. */
export interface QueueStatus {
  readonly queue: string;
  readonly lanes: readonly ({ readonly lane: string } & Depth)[];
  /** How many dead letters are ready to be looked at. */
  readonly dead: number;
}

/** For whoever looks after a queue: what is in it, emptying it, and its dead letters. It takes no work. */
export class QueueAdmin implements AsyncDisposable {
  readonly dead: DeadLetters;
  readonly #calls: Calls;
  readonly #queue: string;
  readonly #routes: Routes;
  readonly #now: () => number;

  private constructor(calls: Calls, dead: DeadLetters, queue: string, routes: Routes, now: () => number) {
    this.dead = dead;
    this.#calls = calls;
    this.#queue = queue;
    this.#routes = routes;
    this.#now = now;
  }

  /** The backend stays the caller's. Throws `CONFIG_INVALID`, or a `DispatchError` when the broker cannot be reached. */
  static async open(backend: Backend, options: AdminOptions = {}): Promise<QueueAdmin> {
    const { clock, random, queue, leaseMs, create, observer, ...bodies } = adminSettings(options);
    const calls = new Calls({ backend, clock, random, observer: guard(observer) });
    const routes = new Routes(backend.profile);
    const dead = deadQueue(queue);
    const work = [...routes.workQueues(queue), ...routes.delayQueues(queue)];
    await calls.open(
      { receive: [dead], send: [...work, dead], create, leaseMs, clock },
      { deadline: clock.now() + OPEN_MS },
    );
    const codec = new BodyCodec({ ...bodies, clock, random, profile: backend.profile });
    const letters = new DeadLetters({ calls, clock, queue, leaseMs, routes, codec });
    return new QueueAdmin(calls, letters, queue, routes, () => clock.now());
  }

  /** A line for each lane, and where long delays wait outside of them, one for those. Throws `UNSUPPORTED` where the backend has no `depth`. */
  async status(): Promise<QueueStatus> {
    const queues = this.#workQueues();
    const [dead, ...depths] = await Promise.all([deadQueue(this.#queue), ...queues].map((queue) => this.#depth(queue)));
    const lanes = queues.map(({ name }, index) => ({ lane: name, ...(depths[index] as Depth) }));
    return { queue: this.#queue, lanes, dead: (dead as Depth).ready };
  }

  /** Removes what is ready or delayed, not what is leased; answers how many frames. What waits in tiers belongs to all queues, and stays. */
  async purge(): Promise<number> {
    let removed = 0;
    for (const queue of this.#workQueues()) {
      removed += await this.#calls.ask("purge", this.#until(), (backend, signal) => backend.purge(queue, signal));
    }
    return removed;
  }

  /** Nothing of its own stays open; there for symmetry with the others. */
  async close(): Promise<void> {}

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The lanes, highest first, and the queue's own place for long delays. */
  #workQueues(): readonly Queue[] {
    const later = this.#routes.delayQueues(this.#queue).filter(({ role }) => role === "later");
    return [...this.#routes.workQueues(this.#queue), ...later];
  }

  #depth(queue: Queue): Promise<Depth> {
    return this.#calls.ask("depth", this.#until(), (backend, signal) => backend.depth(queue, signal));
  }

  #until() {
    return { deadline: this.#now() + 30_000 };
  }
}
