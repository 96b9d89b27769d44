import { Calls } from "./call.ts";
import type { Backend, Depth, Queue } from "./contract/index.ts";
import { DeadLetters } from "./dead-letters.ts";
import { guard } from "./errors.ts";
import { type AdminOptions, adminSettings } from "./plan/options.ts";
import { deadQueue, workQueue } from "./queues.ts";
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
  readonly #now: () => number;

  private constructor(calls: Calls, dead: DeadLetters, queue: string, now: () => number) {
    this.dead = dead;
    this.#calls = calls;
    this.#queue = queue;
    this.#now = now;
  }

  /** The backend stays the caller's. Throws `CONFIG_INVALID`, or a `DispatchError` when the broker cannot be reached. */
  static async open(backend: Backend, options: AdminOptions = {}): Promise<QueueAdmin> {
    const { clock, random, queue, leaseMs, create, observer } = adminSettings(options);
    const calls = new Calls({ backend, clock, random, observer: guard(observer) });
    const dead = deadQueue(queue);
    await calls.open(
      { receive: [dead], send: [workQueue(queue), dead], create, leaseMs, clock },
      { deadline: clock.now() + OPEN_MS },
    );
    return new QueueAdmin(calls, new DeadLetters(calls, clock, queue, leaseMs), queue, () => clock.now());
  }

  /** Throws `UNSUPPORTED` where the backend has no `depth`. */
  async status(): Promise<QueueStatus> {
    const work = workQueue(this.#queue);
    const [depth, dead] = await Promise.all([this.#depth(work), this.#depth(deadQueue(this.#queue))]);
    return { queue: this.#queue, lanes: [{ lane: work.name, ...depth }], dead: dead.ready };
  }

  /** Removes what is ready or delayed, not what is leased; answers how many frames. */
  purge(): Promise<number> {
    return this.#calls.ask("purge", this.#until(), (backend, signal) => backend.purge(workQueue(this.#queue), signal));
  }

  /** Nothing of its own stays open; there for symmetry with the others. */
  async close(): Promise<void> {}

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #depth(queue: Queue): Promise<Depth> {
    return this.#calls.ask("depth", this.#until(), (backend, signal) => backend.depth(queue, signal));
  }

  #until() {
    return { deadline: this.#now() + 30_000 };
  }
}
