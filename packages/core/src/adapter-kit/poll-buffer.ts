import type { Clock, HoldOutcome, Timer, Want } from "../contract/index.ts";

export interface PollBufferPort<T> {
  readonly clock: Clock;
  /** The longest that one poll may wait. */
  readonly pollMs: number;
  /** Asks the broker once. It cannot be called back, settles by itself soon after `waitMs`, and may reject with the client's own error. */
  poll(want: Want): Promise<readonly T[]>;
  /** Holds what was fetched for an earlier receive for `leaseMs` from now; one answer an item. Never rejects. */
  renew(items: readonly T[], leaseMs: number, signal: AbortSignal): Promise<readonly HoldOutcome[]>;
  /** Gives back what nobody asks for. Never rejects. */
  release(items: readonly T[]): Promise<void>;
}

/** One receive that waits for its first frame. */
interface Waiting<T> {
  readonly want: Want;
  readonly untilMs: number;
  readonly signal: AbortSignal;
  /** Is a poll under way that was asked for on its behalf? Else it waits for somebody else's. */
  polls: boolean;
  timer: Timer | undefined;
  readonly answer: (items: readonly T[] | Promise<readonly T[]>) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Receives by long polls that cannot be called back. A receive that is aborted ends at once; its poll goes on, and the next receive waits for that one
 * rather than begin another, so there are never more polls than there were receives at a time. What a poll brings for nobody waits for the next receive,
 * which has it held anew first, is given back by `max: 0`, or by the end. One for each queue of a backend.
 */
export class PollBuffer<T> {
  readonly #port: PollBufferPort<T>;
  readonly #waiting = new Set<Waiting<T>>();
  readonly #polls = new Set<Promise<void>>();
  #items: T[] = [];
  #unwanted = false;
  #ended = false;

  constructor(port: PollBufferPort<T>) {
    this.#port = port;
  }

  /** Up to `max` frames, waiting for the first; nothing when the time is over, the signal fires, or the buffer ends. Rejects with what a poll rejects with. */
  async receive(want: Want, signal: AbortSignal): Promise<readonly T[]> {
    if (!(want.max > 0)) {
      await this.#takeBack();
      return [];
    }
    this.#unwanted = false;
    while (!this.#ended && !signal.aborted && this.#items.length > 0) {
      const items = await this.#renewed(this.#items.splice(0, want.max), want, signal);
      if (items.length > 0) return items;
    }
    return this.#ended || signal.aborted ? [] : this.#wait(want, signal);
  }

  /** Nothing that a poll brings from now on is of use: the queue has gone. Nobody waits for those polls any more. */
  forget(): void {
    for (const waiting of this.#waiting) this.#leave(waiting);
    this.#polls.clear();
    this.#items = [];
  }

  /** Ends all waiting with nothing, waits for the polls under way, and gives back what they bring. */
  async end(): Promise<void> {
    this.#ended = true;
    for (const waiting of this.#waiting) this.#leave(waiting);
    await this.#takeBack();
    await Promise.all(this.#polls);
  }

  /** What of it is still held. What nobody can say that of waits for the next receive; where that is all there is, rejects with why. */
  async #renewed(items: readonly T[], { leaseMs }: Want, signal: AbortSignal): Promise<readonly T[]> {
    const outcomes = await this.#port.renew(items, leaseMs, signal);
    await this.#keep(items.filter((_, index) => typeof outcomes[index] === "object"));
    const held = items.filter((_, index) => outcomes[index] === "ok");
    const failure = outcomes.find((outcome) => typeof outcome === "object");
    if (held.length === 0 && failure !== undefined) throw failure.failed;
    return held;
  }

  /** For the next receive, if there will be one. */
  async #keep(items: readonly T[]): Promise<void> {
    if (items.length === 0) return;
    if (this.#ended || this.#unwanted) await this.#port.release(items);
    else this.#items.push(...items);
  }

  async #takeBack(): Promise<void> {
    this.#unwanted = this.#waiting.size === 0;
    const items = this.#items;
    this.#items = [];
    if (items.length > 0) await this.#port.release(items);
  }

  #wait(want: Want, signal: AbortSignal): Promise<readonly T[]> {
    const { clock } = this.#port;
    return new Promise((resolve, reject) => {
      const abort = () => this.#leave(waiting);
      const end = () => {
        this.#waiting.delete(waiting);
        waiting.timer?.cancel();
        signal.removeEventListener("abort", abort);
      };
      const waiting: Waiting<T> = {
        want,
        untilMs: clock.now() + want.waitMs,
        signal,
        polls: false,
        timer: undefined,
        answer(items) {
          end();
          resolve(items);
        },
        fail(error) {
          end();
          reject(error);
        },
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.add(waiting);
      if (this.#polls.size < this.#waiting.size || want.waitMs <= 0) this.#poll(waiting, want.waitMs);
      // The poll of an earlier receive may take longer than this one has.
      else this.#limit(waiting, want.waitMs);
    });
  }

  #leave(waiting: Waiting<T>): void {
    if (this.#waiting.has(waiting)) waiting.answer([]);
  }

  #poll(waiting: Waiting<T>, leftMs: number): void {
    const { pollMs } = this.#port;
    const want = { ...waiting.want, waitMs: Math.min(leftMs, pollMs) };
    waiting.polls = true;
    const poll: Promise<void> = this.#port.poll(want).then(
      (items) => {
        waiting.polls = false;
        if (!this.#polls.delete(poll)) return undefined;
        if (items.length === 0 && leftMs <= pollMs) this.#leave(waiting);
        return this.#brought(items, want.leaseMs);
      },
      (error: unknown) => {
        waiting.polls = false;
        if (!this.#polls.delete(poll)) return;
        // Without anybody to tell, the next receive finds out for itself.
        const [told] = this.#waiting.has(waiting) ? [waiting] : this.#waiting;
        told?.fail(error);
        this.#next();
      },
    );
    this.#polls.add(poll);
  }

  async #brought(items: readonly T[], leaseMs: number): Promise<void> {
    const left = [...items];
    for (const waiting of this.#waiting) {
      if (left.length === 0) break;
      const { want, signal } = waiting;
      const share = left.splice(0, want.max);
      waiting.answer(leaseMs >= want.leaseMs ? share : this.#renewed(share, want, signal));
    }
    this.#next();
    await this.#keep(left);
  }

  /**
   * Looks after all that wait while no poll was asked for on their behalf, be it that another one took what theirs had brought: whose time is over leaves,
   * and where there are fewer polls than receives it has one of its own again. Who waits for somebody else's does so no longer than its time.
   */
  #next(): void {
    const nowMs = this.#port.clock.now();
    for (const waiting of this.#waiting) {
      if (waiting.polls) continue;
      const leftMs = waiting.untilMs - nowMs;
      if (leftMs <= 0) this.#leave(waiting);
      else if (this.#polls.size < this.#waiting.size) {
        waiting.timer?.cancel();
        waiting.timer = undefined;
        this.#poll(waiting, leftMs);
      } else this.#limit(waiting, leftMs);
    }
  }

  #limit(waiting: Waiting<T>, leftMs: number): void {
    waiting.timer ??= this.#port.clock.after(Math.ceil(leftMs), () => this.#leave(waiting));
  }
}
