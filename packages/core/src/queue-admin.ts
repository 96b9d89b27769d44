import type { Calls } from "./call.ts";
import { BodyCodec } from "./codec/body.ts";
import { decodeFrame, isBad, readyAt } from "./codec/frame.ts";
import type { Backend, BrowsePage, Clock, Depth, DispatchEvent, Observer, Queue } from "./contract/index.ts";
import { DeadLetters } from "./dead-letters.ts";
import { DispatchError } from "./errors.ts";
import { type Family, openFamily } from "./open-family.ts";
import type { Absent } from "./plan/absent.ts";
import { type AdminOptions, adminSettings } from "./plan/options.ts";
import { deadQueue } from "./queues.ts";
import type { Until } from "./retrying.ts";
import type { Routes } from "./routes.ts";

/** What lies in a queue, as far as the backend knows. */
export interface QueueStatus {
  readonly queue: string;
  readonly lanes: readonly ({ readonly lane: string } & Depth)[];
  /** How many dead letters are ready to be looked at. */
  readonly dead: number;
  /** What nobody can tell: a lane has 0 of it whatever there is. What waits in tiers, which belong to all queues, is not counted among `delayed` either. */
  readonly untold: readonly ("leased" | "delayed")[];
  /**
   * Since the frame that is first in its lane could be taken, of the oldest of them: since it was sent, or since its delay or back-off is over. What a worker
   * gave back as it was counts from before. Absent where nothing is ready, or the backend does not let us look.
   */
  readonly oldestAgeMs?: number | undefined;
}

export interface StatusOptions {
  /** How long the broker may take; default 30,000. */
  readonly timeoutMs?: number | undefined;
}

const ADMIN_MS = 30_000;

/** For whoever looks after a queue: what is in it, emptying it, and its dead letters. It takes no work. */
export class QueueAdmin implements AsyncDisposable {
  readonly dead: DeadLetters;
  readonly #calls: Calls;
  readonly #queue: string;
  readonly #routes: Routes;
  readonly #clock: Clock;
  readonly #observer: Observer | undefined;
  /** Does the backend let us look at what waits? */
  #looks: boolean;

  private constructor(family: Family, dead: DeadLetters, queue: string, clock: Clock) {
    const { calls, routes, observer } = family;
    this.dead = dead;
    this.#calls = calls;
    this.#queue = queue;
    this.#routes = routes;
    this.#clock = clock;
    this.#observer = observer;
    this.#looks = calls.backend.profile.verbs.includes("browse");
  }

  /** The backend stays the caller's. Throws `CONFIG_INVALID`, or a `DispatchError` when the broker cannot be reached. */
  static async open(backend: Backend, options: AdminOptions = {}): Promise<QueueAdmin> {
    const settings = adminSettings(options);
    const { clock, queue } = settings;
    const dead = deadQueue(queue);
    const family = await openFamily(backend, settings, (send) => ({ receive: [dead], send: [...send, dead] }));
    const codec = new BodyCodec({ ...settings, profile: backend.profile });
    return new QueueAdmin(family, new DeadLetters({ ...settings, ...family, codec }), queue, clock);
  }

  /** What of the queue is not there; for `explain`. */
  get absent(): Absent {
    return this.#routes.absent;
  }

  /**
   * A line for each lane, and where long delays wait outside of them, one for those. Throws `UNSUPPORTED` where the backend has no `depth`. An observer
   * is told it, too, as `queue_status`.
   */
  async status(options: StatusOptions = {}): Promise<QueueStatus> {
    const until = this.#until(options.timeoutMs);
    const queues = this.#workQueues();
    const all = [deadQueue(this.#queue), ...queues];
    const [dead, ...depths] = await Promise.all(all.map((queue) => this.#calls.depth(queue, until)));
    const lanes = queues.map(({ name }, index) => ({ lane: name, ...(depths[index] as Depth) }));
    const busy = queues.filter((_, index) => (depths[index] as Depth).ready > 0);
    const oldestAgeMs = this.#looks ? await this.#oldestAge(busy, until) : undefined;
    const status = { queue: this.#queue, lanes, dead: (dead as Depth).ready, untold: this.#untold, oldestAgeMs };
    this.#observer?.(statusEvent(status));
    return status;
  }

  /** Removes what is ready or delayed, not what is leased; answers how many frames. What waits in tiers belongs to all queues, and stays. */
  async purge(): Promise<number> {
    let removed = 0;
    for (const queue of this.#workQueues()) removed += await this.#calls.purge(queue, () => this.#until());
    return removed;
  }

  /** Does `purge` remove what is delayed too? Where not, it stays until its time has come. */
  get purgesDelayed(): boolean {
    return this.#calls.backend.profile.purgesDelayed !== false && this.#routes.delay.kind !== "tiers";
  }

  get #untold(): QueueStatus["untold"] {
    if (this.#calls.backend.profile.depthShows === "ready") return ["leased", "delayed"];
    return this.#routes.delay.kind === "tiers" ? ["delayed"] : [];
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

  /** By the first frame of each. A broker where looking means taking refuses that; it is not asked again. */
  async #oldestAge(queues: readonly Queue[], until: Until): Promise<number | undefined> {
    try {
      const pages = await Promise.all(queues.map((queue) => this.#calls.browse(queue, { max: 1 }, until)));
      const since = pages.flatMap(({ frames }) => frames.flatMap(sinceOf));
      return since.length > 0 ? Math.max(0, this.#clock.wall() - Math.min(...since)) : undefined;
    } catch (error) {
      if (!(error instanceof DispatchError)) throw error;
      if (error.code === "MISMATCH" || error.code === "UNSUPPORTED") this.#looks = false;
      return undefined;
    }
  }

  #until(timeoutMs = ADMIN_MS): Until {
    return { deadline: this.#clock.now() + timeoutMs };
  }
}

/** Since when a frame could be taken; nothing where it cannot be, or nobody can read it. */
function sinceOf({ bytes, state }: BrowsePage["frames"][number]): number[] {
  const frame = decodeFrame(bytes, "", "");
  return state === "ready" && !isBad(frame) ? [readyAt(frame)] : [];
}

/** All lanes together. */
function statusEvent({ queue, lanes, dead, oldestAgeMs }: QueueStatus): DispatchEvent {
  const sum = (count: (depth: Depth) => number) => lanes.reduce((total, lane) => total + count(lane), 0);
  return {
    event: "queue_status",
    queue,
    ready: sum(({ ready }) => ready),
    leased: sum(({ leased }) => leased),
    delayed: sum(({ delayed }) => delayed),
    dead,
    exact: lanes.every(({ exact }) => exact),
    oldestAgeMs,
  };
}
