import { GrantedFrame } from "../adapter-kit/granted-frame.ts";
import type { Clock, Delivery, OutFrame, Queue, SendOutcome, Timer, Want } from "../contract/index.ts";
import type { Books } from "./books.ts";
import { Grant, type Home } from "./grant.ts";
import type { Ids } from "./ids.ts";
import { MemoryError } from "./memory-error.ts";
import { FRAME_BYTES } from "./profile.ts";
import { QueueFrames } from "./queue-frames.ts";
import { Waiter, Waiters } from "./waiters.ts";

/**
 * One queue: its frames, and who waits for them. Every step ends with `serve`, after which either nothing is ready or nobody waits; so no wake-up
 * can be lost. Steps of one verb are served together at its end, so that a receiver gets them as one batch.
 */
export class QueueStore implements Home {
  readonly queue: Queue;
  readonly frames: QueueFrames;
  readonly books: Books;
  /** Set by `end`: the queue is gone, and whoever still knows it must look again. */
  ended = false;
  touched = false;
  readonly #clock: Clock;
  readonly #waiters = new Waiters();
  /** Armed only while somebody waits and something will be due. */
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(queue: Queue, ids: Ids | undefined, books: Books, clock: Clock) {
    this.queue = queue;
    this.books = books;
    this.frames = new QueueFrames(ids, books);
    this.#clock = clock;
  }

  /** Puts one sent frame in, or says why not. */
  accept(frame: OutFrame, nowMs: number): SendOutcome {
    if (frame.bytes.length > FRAME_BYTES) return { failed: tooLarge(frame.bytes.length) };
    const ids = this.frames.ids;
    if (ids === undefined) {
      this.frames.put(frame, undefined, nowMs);
      return "ok";
    }
    const { id } = frame;
    if (!frame.first) ids.take(id);
    else {
      if (!ids.claim(id)) return "duplicate";
      const refusal = this.books.refusal(frame.bytes.length);
      if (refusal !== undefined) {
        ids.free(id);
        return { failed: refusal };
      }
    }
    this.frames.put(frame, id, nowMs);
    return "ok";
  }

  /** Puts a frame of a move in: copies, replies and dead letters, which are never refused. */
  put(frame: OutFrame, nowMs: number): void {
    const { ids } = this.frames;
    const id = ids === undefined ? undefined : frame.id;
    if (id !== undefined) ids?.take(id);
    this.frames.put(frame, id, nowMs);
  }

  ack(grant: Grant): void {
    this.frames.ack(grant);
  }

  release(grant: Grant, delayMs: number, nowMs: number): void {
    this.frames.release(grant, delayMs, nowMs);
  }

  extend(grant: Grant, leaseMs: number, nowMs: number): void {
    this.frames.leases.extend(grant, leaseMs, nowMs);
  }

  catchUp(nowMs: number): void {
    this.frames.catchUp(nowMs);
  }

  /** Never rejects, and an abort only ends the waiting. */
  receive(want: Want, signal: AbortSignal): readonly Delivery[] | Promise<readonly Delivery[]> {
    if (!(want.max > 0) || signal.aborted) return [];
    const nowMs = this.#clock.now();
    this.serve(nowMs);
    if (this.frames.ready.size > 0 || !(want.waitMs > 0)) return this.#take(want.max, want.leaseMs, nowMs);
    return new Promise((resolve) => {
      const waiter = new Waiter(want, nowMs + want.waitMs, signal, (gone) => this.#leave(gone), resolve);
      this.#waiters.add(waiter);
      waiter.arm(this.#clock, nowMs, (late) => this.#timeUp(late));
      this.#arm(nowMs);
    });
  }

  /** Lets happen what time has brought, and gives what is ready to those who wait. */
  serve(nowMs: number): void {
    this.frames.catchUp(nowMs);
    if (this.#waiters.size === 0) return;
    while (this.frames.ready.size > 0) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) break;
      waiter.answer(this.#take(waiter.max, waiter.leaseMs, nowMs));
    }
    this.#arm(nowMs);
  }

  /** Removes all frames and ends all waiting with nothing. */
  end(): void {
    this.ended = true;
    this.frames.clear();
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) waiter.answer([]);
    this.#disarm();
  }

  #take(max: number, leaseMs: number, nowMs: number): Delivery[] {
    const { ready, leases } = this.frames;
    const deliveries: Delivery[] = [];
    for (let left = Math.min(max, ready.size); left > 0; left -= 1) {
      const frame = ready.shift();
      const receipt = new Grant(this.queue, this, frame);
      leases.add(receipt, leaseMs, nowMs);
      deliveries.push(new GrantedFrame(receipt, frame.bytes, frame.redelivery));
    }
    return deliveries;
  }

  #leave(waiter: Waiter): void {
    if (!this.#waiters.remove(waiter)) return;
    waiter.answer([]);
    if (this.#waiters.size === 0) this.#disarm();
  }

  /** A clock may wake early; and what fell due at this very moment still counts. */
  #timeUp(waiter: Waiter): void {
    const nowMs = this.#clock.now();
    this.serve(nowMs);
    if (!this.#waiters.has(waiter)) return;
    if (nowMs < waiter.untilMs) waiter.arm(this.#clock, nowMs, (late) => this.#timeUp(late));
    else this.#leave(waiter);
  }

  #arm(nowMs: number): void {
    const atMs = this.#waiters.size === 0 ? Number.POSITIVE_INFINITY : this.frames.nextAtMs;
    if (this.#timer !== undefined && this.#timerAtMs <= atMs && atMs < Number.POSITIVE_INFINITY) return;
    this.#disarm();
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#timerAtMs = atMs;
    // In the background: the timer of the waiting itself keeps the process alive for as long as anybody waits.
    this.#timer = this.#clock.after(Math.ceil(atMs - nowMs), () => this.#due(), true);
  }

  #due(): void {
    this.#timer = undefined;
    this.serve(this.#clock.now());
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

export function tooLarge(bytes: number): MemoryError {
  return new MemoryError("TOO_LARGE", `a frame of ${bytes} bytes is above the limit of ${FRAME_BYTES}`);
}
