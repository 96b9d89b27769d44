import type { AbortCode, BadFrame, Clock, Frame, TaskInfo } from "../contract/index.ts";
import type { Logger } from "../log.ts";
import { LaneQueue } from "./lane-queue.ts";
import { type HandlerEnd, Running } from "./running.ts";
import type { Task } from "./task.ts";

/** A frame in hand, as far as a slot must know it. */
export interface Slotted {
  readonly frame: Frame;
  readonly lost: number;
}

export interface SlotsPort<H extends Slotted> {
  readonly clock: Clock;
  readonly concurrency: number;
  /** The weights of the lanes, highest lane first. */
  readonly weights: readonly number[];
  readonly timeoutMs: number;
  readonly abandonMs: number;
  readonly logger: Logger;
  task(name: string): Task;
  /** The payload of the frame's task, or why there is none. */
  payload(frame: Frame): { readonly value: unknown } | BadFrame;
  /** The lease's word: may its handler begin? */
  mayBegin(hold: H): boolean;
  /** Is it still leased here? */
  isHeld(hold: H): boolean;
  bad(hold: H, bad: BadFrame): void;
  started(hold: H): void;
  ended(hold: H, end: HandlerEnd, durationMs: number): void;
  /** The slot is free; `abandoned`: the handler has not returned. */
  freed(hold: H, abandoned: AbortCode | undefined): void;
  progress(frame: Frame, value: unknown): void;
}

/** The slots of a worker: `concurrency` handlers at a time, the others wait, lane by lane, in the order in which they came. */
export class Slots<H extends Slotted> {
  readonly #port: SlotsPort<H>;
  readonly #running = new Map<H, Running>();
  readonly #waiting: LaneQueue<H>;
  #closed = false;
  #emptied: (() => void)[] = [];

  constructor(port: SlotsPort<H>) {
    this.#port = port;
    this.#waiting = new LaneQueue(port.weights);
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
    for (const hold of this.#running.keys()) if (!this.#port.isHeld(hold)) zombies += 1;
    return zombies;
  }

  add(hold: H, lane = 0): void {
    this.#waiting.push(lane, hold);
  }

  /** Gives free slots to what waits. */
  fill(): void {
    while (!this.#closed && this.#running.size < this.#port.concurrency) {
      const hold = this.#waiting.shift();
      if (hold === undefined) return;
      if (this.#port.mayBegin(hold)) this.#run(hold);
    }
  }

  /** Nothing begins any more; answers what was waiting. */
  close(): readonly H[] {
    this.#closed = true;
    return this.#waiting.clear();
  }

  /** Ends one attempt, if it runs. */
  stop(hold: H, code: AbortCode): void {
    this.#running.get(hold)?.stop(code);
  }

  stopAll(code: AbortCode): void {
    for (const running of [...this.#running.values()]) running.stop(code);
  }

  /** Resolves when no handler runs. */
  async empty(): Promise<void> {
    while (this.#running.size > 0) await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  #run(hold: H): void {
    const port = this.#port;
    const { frame } = hold;
    const payload = port.payload(frame);
    if ("bad" in payload) {
      port.bad(hold, payload);
      return;
    }
    const task = port.task((frame.tasks[0] as TaskInfo).task);
    const running = new Running(
      {
        clock: port.clock,
        abandonMs: port.abandonMs,
        logger: port.logger,
        progress: port.progress,
        ended: (end, durationMs) => port.ended(hold, end, durationMs),
        freed: (abandoned) => {
          this.#running.delete(hold);
          port.freed(hold, abandoned);
          this.fill();
          if (this.#running.size === 0) for (const resolve of this.#emptied.splice(0)) resolve();
        },
      },
      frame,
      task,
    );
    this.#running.set(hold, running);
    port.started(hold);
    void running.start(payload.value, hold.lost, task.timeoutMs ?? port.timeoutMs);
  }
}
