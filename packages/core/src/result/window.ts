import { IndexMap } from "./index-map.ts";
import { KeptFrame } from "./kept-frame.ts";

/** A task that waits for its pack: nothing else is known of it. */
interface Waiting {
  readonly index: number;
  readonly sizeBytes: number;
}

/** What waits for a frame goes no way yet. */
const NO_WAY = Object.freeze({
  queue: Object.freeze({ role: "work", name: "", of: "" }),
  band: 0,
  delayMs: 0,
} as const);

/**
 * The outstanding tasks of a run, each with its frame, and how many more may come: complete means that the input has ended and this is empty. A set, not a
 * count: what is not in it has its outcome already. Results that nobody has taken yet count too, so that a slow reader slows the senders down.
 */
export class Window {
  readonly #maxTasks: number;
  readonly #maxBytes: number;
  readonly #soon: (run: () => void) => void;
  readonly #frames = new IndexMap<KeptFrame>();
  /** The user's ids, of tasks that have one. */
  readonly #refs = new Map<number, string>();
  /** The traces of those that have one. */
  readonly #traces = new Map<number, string>();
  /** Of all that wait for a pack; its bytes are estimates. */
  readonly #waiting = new KeptFrame(NO_WAY, 0, 0);
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
    return this.#frames.size;
  }

  /** May another task come? One always may when nothing is there, however large. */
  get open(): boolean {
    const taken = this.#frames.size + this.#unread;
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

  get(index: number): KeptFrame | undefined {
    return this.#frames.get(index);
  }

  /** The frame of a task as that of no other: what is said of it from now on holds for it alone. Undefined, too, where there is no frame yet. */
  own(index: number): KeptFrame | undefined {
    const kept = this.#frames.get(index);
    if (kept?.frame === undefined) return undefined;
    if (kept.count === 1) return kept;
    const own = kept.alone(index);
    own.bytes = Math.floor(kept.bytes / kept.left);
    kept.bytes -= own.bytes;
    kept.left -= 1;
    this.#frames.set(index, own);
    return own;
  }

  /** As they are now: each may end meanwhile. */
  entries(): (readonly [index: number, kept: KeptFrame])[] {
    return this.#frames.entries();
  }

  /** A frame of one task. */
  add(kept: KeptFrame, bytes: number): void {
    kept.left = 1;
    this.#frames.set(kept.first, kept);
    this.weigh(kept, bytes);
  }

  /** A task whose pack is not full yet. */
  wait({ index, sizeBytes }: Waiting): void {
    this.#frames.set(index, this.#waiting);
    this.weigh(this.#waiting, this.#waiting.bytes + sizeBytes);
  }

  /** Its pack is full. Of those that still wait for it: one may have an outcome already, whoever gave it. */
  pack(tasks: readonly Waiting[], kept: KeptFrame): void {
    let bytes = 0;
    for (const { index, sizeBytes } of tasks) {
      bytes += sizeBytes;
      if (this.#frames.get(index) !== this.#waiting) continue;
      if (this.#traces.size > 0 && this.#traces.has(index)) kept.isTraced = true;
      this.#frames.set(index, kept);
      kept.left += 1;
    }
    this.weigh(this.#waiting, this.#waiting.bytes - bytes);
    if (kept.left > 0) this.weigh(kept, bytes);
  }

  /** How many bytes it has, as is known by now. */
  weigh(kept: KeptFrame, bytes: number): void {
    const less = bytes < kept.bytes;
    this.#bytes += bytes - kept.bytes;
    kept.bytes = bytes;
    if (less) this.wake();
  }

  /** It has its outcome now, which waits to be read. Its frame is kept, and counted, for the others in it. */
  delete(index: number): KeptFrame | undefined {
    const kept = this.#frames.take(index);
    if (kept === undefined || kept === this.#waiting) return kept;
    kept.left -= 1;
    if (kept.left === 0) this.weigh(kept, 0);
    return kept;
  }

  /** A task has an id of its user, from when it is read until it has its outcome. */
  name(index: number, ref: string): void {
    this.#refs.set(index, ref);
  }

  refOf(index: number): string | undefined {
    return this.#refs.size === 0 ? undefined : this.#refs.get(index);
  }

  /** Answers it for the last time. */
  takeRef(index: number): string | undefined {
    const ref = this.refOf(index);
    if (ref !== undefined) this.#refs.delete(index);
    return ref;
  }

  /** A task is traced, from when it is read until it has its outcome. */
  trace(index: number, trace: string): void {
    this.#traces.set(index, trace);
  }

  traceOf(index: number): string | undefined {
    return this.#traces.size === 0 ? undefined : this.#traces.get(index);
  }

  /** Answers it for the last time. */
  takeTrace(index: number): string | undefined {
    const trace = this.traceOf(index);
    if (trace !== undefined) this.#traces.delete(index);
    return trace;
  }

  unread(): void {
    this.#unread += 1;
  }

  read(): void {
    this.#unread -= 1;
    this.wake();
  }

  wake(): void {
    if (this.#room !== undefined && !this.#waking) this.#wakeSoon();
  }

  /** Apart, as wherever a function makes one: a closure costs also who does not come to it. */
  #wakeSoon(): void {
    this.#waking = true;
    this.#soon(() => {
      this.#waking = false;
      this.#room?.();
      this.#room = undefined;
    });
  }
}
