import type { OutFrame } from "../contract/index.ts";
import { IndexMap } from "./index-map.ts";

/** A task that was sent, or is about to be, and has no outcome yet. */
export class Outstanding {
  readonly index: number;
  readonly ref: string | undefined;
  /** What keeps its order among itself: a priority, or a lane by its lowest priority. */
  readonly band: number;
  /** Its delay, not yet begun. */
  delayMs: number;
  /** What it travels in; absent while its pack is being filled. */
  frame: OutFrame | undefined;
  /** What it takes of the window. */
  readonly bytes: number;
  round = 0;
  resends = 0;
  /** Does the broker have it? */
  sent = false;
  /** Monotonic ms from when it may be handed out: sent, delayed, or scheduled again. */
  readyAt = 0;
  /** Until then a worker is believed to hold it, because a beat named it. */
  heldUntil = 0;
  /** By then it is back in its queue, behind what was ready before, if who had it in hand last is gone. Monotonic ms. */
  backAt = 0;
  /** Is `backAt` also that of a holder who never said that he has it? */
  isOvertaken = false;
  /** How long nothing has spoken for it, in ms. */
  silentMs = 0;

  constructor(
    { index, ref, band, delayMs }: Pick<Outstanding, "index" | "ref" | "band" | "delayMs">,
    frame: OutFrame | undefined,
    bytes: number,
  ) {
    this.index = index;
    this.ref = ref;
    this.band = band;
    this.delayMs = delayMs;
    this.frame = frame;
    this.bytes = bytes;
  }
}

/**
 * The outstanding tasks of a run, and how many more may come: complete means that the input has ended and this is empty. A set, not a count: what is
 * not in it has its outcome already. Results that nobody has taken yet count too, so that a slow reader slows the senders down.
 */
export class Window {
  readonly #maxTasks: number;
  readonly #maxBytes: number;
  readonly #soon: (run: () => void) => void;
  readonly #tasks = new IndexMap<Outstanding>();
  #bytes = 0;
  #unread = 0;
  #room: (() => void) | undefined;
  #waking = false;

  /** `soon`: what is read within a turn of the event loop makes room at its end, all at once: a wait for each result would cost more than the rest. */
  constructor(maxTasks: number, maxBytes: number, soon: (run: () => void) => void) {
    this.#maxTasks = maxTasks;
    this.#maxBytes = maxBytes;
    this.#soon = soon;
  }

  get size(): number {
    return this.#tasks.size;
  }

  /** May another task come? One always may when nothing is there, however large. */
  get open(): boolean {
    const taken = this.#tasks.size + this.#unread;
    return taken === 0 || (taken < this.#maxTasks && this.#bytes < this.#maxBytes);
  }

  /** Resolves when there is room; called by one sender. */
  async room(): Promise<void> {
    while (!this.open) {
      await new Promise<void>((resolve) => {
        this.#room = resolve;
      });
    }
  }

  get(index: number): Outstanding | undefined {
    return this.#tasks.get(index);
  }

  values(): Iterable<Outstanding> {
    return this.#tasks.values();
  }

  add(task: Outstanding): void {
    this.#tasks.set(task.index, task);
    this.#bytes += task.bytes;
  }

  /** It has its outcome now, which waits to be read. */
  delete(task: Outstanding): void {
    if (!this.#tasks.delete(task.index)) return;
    this.#bytes -= task.bytes;
  }

  unread(): void {
    this.#unread += 1;
  }

  read(): void {
    this.#unread -= 1;
    this.wake();
  }

  wake(): void {
    if (this.#room === undefined || this.#waking) return;
    this.#waking = true;
    this.#soon(() => {
      this.#waking = false;
      this.#room?.();
      this.#room = undefined;
    });
  }
}
