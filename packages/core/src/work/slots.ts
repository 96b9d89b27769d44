import type { AbortCode, BadFrame, Clock, Frame, TaskInfo, Timer } from "../contract/index.ts";
import type { Eventual } from "../eventual.ts";
import type { Logger } from "../log.ts";
import { PlacedSet } from "../placed-set.ts";
import { LaneQueue } from "./lane-queue.ts";
import { type HandlerEnd, Running, type RunningPort } from "./running.ts";
import type { Task } from "./task.ts";
import { Turns } from "./turns.ts";

/** A task in hand, as far as a slot must know it. */
export interface Slotted {
  readonly frame: Frame;
  readonly lost: number;
}

type Payload = { readonly value: unknown } | BadFrame;

export interface SlotsPort<H extends Slotted> {
  readonly clock: Clock;
  readonly concurrency: number;
  /** The weights of the lanes, highest lane first. */
  readonly weights: readonly number[];
  readonly timeoutMs: number;
  readonly abandonMs: number;
  readonly logger: Logger;
  /** Runs a handler within the trace that its task has. Absent where nobody traces. */
  readonly within?: (<T>(hold: H, run: () => T) => T) | undefined;
  task(name: string): Task;
  /** The payload of a task, or why there is none. Rejects where a blob store does not answer; `signal`: nobody wants it any more. */
  payload(hold: H, signal: AbortSignal): Eventual<Payload>;
  /** It could not be loaded now, or is not wanted any more: back with it. */
  unloaded(hold: H, error: unknown): void;
  /** The lease's word: may its handler begin? `now`: in monotonic ms. */
  mayBegin(hold: H, now: number): boolean;
  /** Is it still leased here? */
  isHeld(hold: H): boolean;
  bad(hold: H, bad: BadFrame): void;
  /** `startedAt`: in monotonic ms. */
  started(hold: H, startedAt: number): void;
  ended(hold: H, end: HandlerEnd, durationMs: number): void;
  /** The slot is free; `abandoned`: the handler has not returned. */
  freed(hold: H, abandoned: AbortCode | undefined): void;
  progress(frame: Frame, value: unknown): void;
}

/** The slots of a worker: `concurrency` handlers at a time, the others wait, lane by lane, in the order in which they came. */
export class Slots<H extends Slotted> {
  readonly #port: SlotsPort<H>;
  readonly #running = new PlacedSet<Running<H>>();
  readonly #waiting: LaneQueue<H>;
  readonly #loading = new Set<H>();
  readonly #runs: RunningPort<H>;
  readonly #unwanted = new AbortController();
  #watchedAt = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;
  #filling = false;
  #closed = false;
  #emptied: (() => void)[] = [];

  constructor(port: SlotsPort<H>) {
    this.#port = port;
    this.#waiting = new LaneQueue(port.weights);
    const { clock, abandonMs, logger, within } = port;
    this.#runs = {
      clock,
      turns: new Turns(clock),
      abandonMs,
      logger,
      within,
      progress: (frame, value) => port.progress(frame, value),
      ended: (hold, end, durationMs) => port.ended(hold, end, durationMs),
      freed: (running, abandoned) => {
        this.#running.delete(running);
        port.freed(running.hold, abandoned);
        this.fill();
        this.#tellEmpty();
      },
    };
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Handlers that still run though their frame is not held any more; each takes its slot until it returns or is abandoned. */
  get zombies(): number {
    let zombies = 0;
    for (const { hold } of this.#running.values()) if (!this.#port.isHeld(hold)) zombies += 1;
    return zombies;
  }

  add(hold: H, lane = 0): void {
    this.#waiting.push(lane, hold);
  }

  /** Gives free slots to what waits. */
  fill(): void {
    // A handler that returns at once frees its slot in the middle of this.
    if (this.#filling) return;
    this.#filling = true;
    try {
      while (!this.#closed && this.#running.size + this.#loading.size < this.#port.concurrency) {
        const hold = this.#waiting.shift();
        if (hold === undefined) return;
        const payload = this.#port.payload(hold, this.#unwanted.signal);
        if (payload instanceof Promise) void this.#load(hold, payload);
        else this.#begin(hold, payload);
      }
    } finally {
      this.#filling = false;
    }
  }

  /** Nothing begins any more; answers what was waiting. */
  close(): readonly H[] {
    this.#closed = true;
    this.#unwanted.abort();
    this.#tellEmpty();
    return this.#waiting.clear();
  }

  /** Ends the attempts of what `wanted` says, as far as they run; answers those that have not begun, which do not begin any more. */
  stop(wanted: (hold: H) => boolean, code: AbortCode): readonly H[] {
    for (const running of this.#running.values()) if (wanted(running.hold)) running.stop(code);
    return this.withdraw(wanted);
  }

  /** What waits for a slot, and shall not have one. */
  withdraw(wanted: (hold: H) => boolean): readonly H[] {
    return this.#waiting.withdraw(wanted);
  }

  stopAll(code: AbortCode): void {
    for (const running of this.#running.values()) running.stop(code);
  }

  /** Resolves when no handler runs. */
  async empty(): Promise<void> {
    while (this.#running.size + this.#loading.size > 0)
      await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  /** A payload that lies elsewhere takes a slot while it is fetched; the handler begins only if the frame is still held then. */
  async #load(hold: H, loading: Promise<Payload>): Promise<void> {
    this.#loading.add(hold);
    let payload: Payload | undefined;
    let failure: unknown;
    try {
      payload = await loading;
    } catch (error) {
      failure = error;
    }
    this.#loading.delete(hold);
    if (payload === undefined || this.#closed) this.#port.unloaded(hold, failure);
    else this.#begin(hold, payload);
    this.fill();
    this.#tellEmpty();
  }

  #tellEmpty(): void {
    if (this.#running.size + this.#loading.size > 0) return;
    if (this.#closed) this.#timer?.cancel();
    for (const resolve of this.#emptied.splice(0)) resolve();
  }

  /** The clock is read once for all that begins with this. */
  #begin(hold: H, payload: Payload): void {
    const port = this.#port;
    const now = port.clock.now();
    if (!port.mayBegin(hold, now)) return;
    const { frame } = hold;
    if ("bad" in payload) {
      port.bad(hold, payload);
      return;
    }
    const task = port.task((frame.tasks[0] as TaskInfo).task);
    const running = new Running(this.#runs, hold, task, task.timeoutMs ?? port.timeoutMs, now);
    this.#running.add(running);
    if (running.endsAt < this.#watchedAt) this.#watch(running.endsAt);
    port.started(hold, running.startedAt);
    running.start(payload.value);
  }

  /** One timer for all that run, at the first end: hardly any comes to it, so that each of its own would be set and cancelled for nothing. */
  #watch(endsAt: number): void {
    this.#timer?.cancel();
    this.#watchedAt = endsAt;
    const { clock } = this.#port;
    this.#timer = clock.after(Math.max(0, endsAt - clock.now()), () => this.#timeOut(), true);
  }

  #timeOut(): void {
    this.#watchedAt = Number.POSITIVE_INFINITY;
    const now = this.#port.clock.now();
    for (const running of this.#running.values()) {
      if (running.endsAt <= now) running.timeOut();
      else if (running.endsAt < this.#watchedAt) this.#watch(running.endsAt);
    }
  }
}
