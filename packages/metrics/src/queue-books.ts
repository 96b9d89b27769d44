import type { DispatchEvent, Progress, WorkerStatus } from "@org/dispatch-core/contract";
import { Buckets, PACK_BOUNDS } from "./buckets.ts";
import type { Contacts } from "./contacts.ts";
import { Tally } from "./tally.ts";
import type { TaskBooks } from "./task-books.ts";

type EventOf<N extends DispatchEvent["event"]> = Extract<DispatchEvent, { event: N }>;

/** How fast an old measurement fades, a receive at a time. */
const WEIGHT = 0.1;

/** So long an answer of the broker counts: scrapers come once a minute at least, and whoever asked only once must not be quoted for ever. */
const SAID_MS = 60_000;

/** What the broker has answered, and when that came in wall-clock ms. */
export interface Status {
  readonly said: EventOf<"queue_status">;
  readonly at: number;
}

/** A worker of this process. */
export interface OwnWorker {
  readonly slots: number;
  status(): WorkerStatus;
}

/** What has happened in one queue, and how what this process does there stands. */
export class QueueBooks {
  readonly tasks = new Map<string, TaskBooks>();
  readonly workers = new Map<string, OwnWorker>();
  readonly runs = new Map<string, () => Progress>();
  /** Since when there is a worker or a run, in wall-clock ms. */
  askingSince = 0;
  /** Has a run ever begun here? Then arrivals are known. */
  coordinates = false;
  leasedTasks = 0;
  leasedFrames = 0;
  readonly packs = new Buckets(PACK_BOUNDS);
  /** Beats that were received, and those that were sent while no run was there to receive them. */
  beats = 0;
  /** Frames in hand and slots of each worker that was heard of last, by its id. Dropped when it goes silent or has nothing, and with the last run. */
  readonly heard = new Map<string, { held: number; slots: number }>();
  silentWorkers = 0;
  fenced = 0;
  duplicates = 0;
  orphans = 0;
  resent = 0;
  readonly rejected = new Tally();
  readonly refusedInputs = new Tally();
  /** Since when the broker's answers have had something ready, without a gap, in wall-clock ms. */
  readySince: number | undefined;
  /** The last grant: how old its oldest frame was, and when. */
  grant: { readonly ageMs: number; readonly at: number } | undefined;
  readonly #contacts: Contacts;
  #status: Status | undefined;
  #tasksPerFrame = 0;

  constructor(contacts: Contacts) {
    this.#contacts = contacts;
  }

  /** Does anything here ask the broker by itself? */
  get isAsking(): boolean {
    return this.workers.size + this.runs.size > 0;
  }

  workerStarted(id: string, worker: OwnWorker, at: number): void {
    if (!this.isAsking) this.askingSince = at;
    this.workers.set(id, worker);
  }

  runStarted(run: string, progress: () => Progress, at: number): void {
    if (!this.isAsking) this.askingSince = at;
    this.coordinates = true;
    this.runs.set(run, progress);
  }

  leased({ frames, tasks, packs, ageMs }: EventOf<"frames_leased">, at: number): void {
    this.leasedTasks += tasks;
    this.leasedFrames += frames;
    if (frames > packs.length) this.packs.observe(1, frames - packs.length);
    for (const size of packs) this.packs.observe(size);
    const now = tasks / Math.max(1, frames);
    this.#tasksPerFrame = this.#tasksPerFrame === 0 ? now : this.#tasksPerFrame + WEIGHT * (now - this.#tasksPerFrame);
    this.grant = { ageMs, at };
  }

  stands(said: EventOf<"queue_status">, at: number): void {
    if (said.ready === 0 || this.statusAt(at) === undefined) this.readySince = undefined;
    if (said.ready > 0) this.readySince ??= at;
    this.#status = { said, at };
  }

  /** The broker's last answer, while it counts. Of one that is away nobody knows anything better. */
  statusAt(wallMs: number): Status | undefined {
    const { isAway, heardAt } = this.#contacts;
    const known = this.#status;
    return known === undefined || (isAway ? heardAt : wallMs) - known.at > SAID_MS ? undefined : known;
  }

  /** Once no run is left, what workers still hold of them is nobody's: their dispatcher may be closed, and hears no beat that ends it. */
  ended(run: string): void {
    this.runs.delete(run);
    if (this.runs.size === 0) this.heard.clear();
  }

  beat(worker: string, held: number | undefined, slots: number): void {
    if (this.coordinates && this.runs.size === 0) return;
    const known = this.heard.get(worker);
    if (held === 0) this.heard.delete(worker);
    else if (held !== undefined) this.heard.set(worker, { held, slots });
    else if (known !== undefined) known.slots = slots;
  }

  /** Of late; in a process without workers, of all that it has sent. */
  get tasksPerFrame(): number {
    if (this.#tasksPerFrame > 0) return this.#tasksPerFrame;
    let dispatched = 0;
    let frames = 0;
    for (const task of this.tasks.values()) {
      dispatched += task.dispatched;
      frames += task.dispatchedFrames;
    }
    return frames > 0 ? dispatched / frames : 1;
  }
}
