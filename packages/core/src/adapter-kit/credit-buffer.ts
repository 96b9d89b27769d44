import type { Clock, Timer, Want } from "../contract/index.ts";

export interface CreditBufferPort<T> {
  readonly clock: Clock;
  /**
   * From now on so many more frames may come, 0 for none; the longest wait for them ends in `waitMs`. A broker whose poll cannot be called back may bring
   * what it was told before. May push at once, from within this call.
   */
  credit(frames: number, waitMs: number): void;
  /** Gives frames back that nobody asks for, without a penalty where the broker can. */
  release(items: readonly T[]): void;
  /**
   * How long credit that an answer did not use up is left open, and what it brings is kept; then both are taken back. 0: not at all; `UNLIMITED`: until
   * the next receive, `max: 0`, or the end.
   */
  readonly lingerMs: number;
}

/** One receive that waits for its first frame. */
interface Waiting<T> {
  readonly max: number;
  readonly untilMs: number;
  readonly answer: (items: readonly T[]) => void;
}

/**
 * Receives from a broker that pushes: who receives gives credit, what comes goes to who has waited longest, and what comes for nobody waits for the
 * next receive. `max: 0` takes credit back. One for each queue of a connection. It never rejects.
 */
export class CreditBuffer<T> {
  readonly #port: CreditBufferPort<T>;
  readonly #waiting = new Set<Waiting<T>>();
  #items: T[] = [];
  /** What the broker may still push, as it was told. */
  #open = 0;
  /** Credit of an answer that was not used up. */
  #left = 0;
  #linger: Timer | undefined;
  #ended = false;

  constructor(port: CreditBufferPort<T>) {
    this.#port = port;
  }

  /** Frames that came for nobody yet. */
  get size(): number {
    return this.#items.length;
  }

  /** Up to `max` frames, waiting for the first; nothing when the time is over, the signal fires, or the buffer ends. `waitMs: 0` brings what is here. */
  receive(want: Want, signal: AbortSignal): readonly T[] | Promise<readonly T[]> {
    if (this.#ended || signal.aborted) return [];
    if (!(want.max > 0)) {
      this.takeBack();
      return [];
    }
    this.#forgetLeft();
    if (this.#items.length > 0) {
      const items = this.#answered(this.#items.splice(0, want.max), want.max);
      this.#settle();
      return items;
    }
    return want.waitMs > 0 ? this.#wait(want, signal) : this.#look(want);
  }

  /** What the broker brings. More than there is credit for is kept as well: it was granted. */
  push(items: readonly T[]): void {
    if (this.#ended) {
      this.#port.release(items);
      return;
    }
    this.#open = Math.max(0, this.#open - items.length);
    this.#items.push(...items);
    for (const waiting of this.#waiting) {
      if (this.#items.length === 0) break;
      this.#waiting.delete(waiting);
      waiting.answer(this.#answered(this.#items.splice(0, waiting.max), waiting.max));
    }
    this.#settle();
  }

  /** Nobody wants more than those who wait now: stops the rest, and gives back what lies here. */
  takeBack(): void {
    this.#forgetLeft();
    const items = this.#items;
    this.#items = [];
    this.#settle();
    if (items.length > 0) this.#port.release(items);
  }

  /** The connection is a new one: what lies here is worth nothing, and the broker knows of no credit. Who waits goes on waiting. */
  reopen(): void {
    this.#items = [];
    this.#open = 0;
    this.#forgetLeft();
    this.#settle();
  }

  /** Ends all waiting with nothing and gives back what lies here; what still comes is given back as well. */
  end(): void {
    for (const waiting of this.#waiting) waiting.answer([]);
    this.#waiting.clear();
    this.takeBack();
    this.#ended = true;
  }

  #wait(want: Want, signal: AbortSignal): Promise<readonly T[]> {
    const { clock } = this.#port;
    const untilMs = clock.now() + want.waitMs;
    return new Promise((resolve) => {
      const leave = () => {
        if (!this.#waiting.delete(waiting)) return;
        waiting.answer([]);
        this.#settle();
      };
      const timer = clock.after(Math.ceil(want.waitMs), leave);
      const waiting: Waiting<T> = {
        max: want.max,
        untilMs,
        answer(items) {
          timer.cancel();
          signal.removeEventListener("abort", leave);
          resolve(items);
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.add(waiting);
      this.#settle();
    });
  }

  /** Credit for this moment only: a broker that has something at hand pushes it within the call. */
  #look(want: Want): readonly T[] {
    let found: readonly T[] = [];
    const waiting: Waiting<T> = {
      max: want.max,
      untilMs: this.#port.clock.now(),
      answer(items) {
        found = items;
      },
    };
    this.#waiting.add(waiting);
    this.#settle();
    if (this.#waiting.delete(waiting)) this.#settle();
    return found;
  }

  #answered(items: T[], max: number): T[] {
    if (this.#port.lingerMs > 0 && this.#waiting.size === 0) this.#left = max - items.length;
    this.#watch();
    return items;
  }

  /** Tells the broker about the credit, if it is another one than it knows. */
  #settle(): void {
    const nowMs = this.#port.clock.now();
    let frames = this.#left - this.#items.length;
    let waitMs = 0;
    for (const { max, untilMs } of this.#waiting) {
      frames += max;
      waitMs = Math.max(waitMs, untilMs - nowMs);
    }
    frames = Math.max(0, frames);
    this.#watch();
    if (frames === this.#open) return;
    this.#open = frames;
    this.#port.credit(frames, waitMs);
  }

  /** What nobody asks for goes back in time. */
  #watch(): void {
    const { lingerMs, clock } = this.#port;
    if (this.#left === 0 && this.#items.length === 0) {
      this.#linger?.cancel();
      this.#linger = undefined;
    } else if (lingerMs < Number.MAX_SAFE_INTEGER) {
      this.#linger ??= clock.after(lingerMs, () => this.takeBack(), true);
    }
  }

  #forgetLeft(): void {
    this.#left = 0;
    this.#linger?.cancel();
    this.#linger = undefined;
  }
}
