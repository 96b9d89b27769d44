import type { OutFrame } from "../contract/index.ts";
import type { Books } from "./books.ts";
import { Delays } from "./delays.ts";
import type { Grant } from "./grant.ts";
import type { Ids } from "./ids.ts";
import { Leases } from "./leases.ts";
import { PRIORITY_LEVELS } from "./profile.ts";
import { Ready } from "./ready.ts";
import { StoredFrame } from "./stored-frame.ts";

/**
 * The frames of one queue and where each stands. Knows no clock and nobody who waits: it is told the time, in ms.
 *
 * | from | event | to |
 * |---|---|---|
 * | – | put | ready (tail), or delayed |
 * | delayed | its time has come | ready (tail) |
 * | ready | take | leased |
 * | leased | ack | – |
 * | leased | release | ready (where it was), or delayed |
 * | leased | lease over | ready (where it was), `redelivery` + 1 |
 * | ready, delayed | purge | – |
 */
export class QueueFrames {
  readonly ready = new Ready();
  readonly delays = new Delays();
  readonly leases = new Leases();
  /** Of the family; `undefined` in a queue that holds no tasks, which counts nowhere. */
  readonly ids: Ids | undefined;
  readonly #books: Books;
  #sequence = 0;
  /** On their way back to ready: put back together, newest first. */
  #returning: StoredFrame[] = [];

  constructor(ids: Ids | undefined, books: Books) {
    this.ids = ids;
    this.#books = books;
  }

  /** When the next delay or lease may be over; `Infinity` if nothing is. */
  get nextAtMs(): number {
    return Math.min(this.delays.nextAtMs, this.leases.nextAtMs);
  }

  /** `id` is the frame's own, taken by the caller; `undefined` where there are no `ids`. */
  put(frame: OutFrame, id: string | undefined, nowMs: number): void {
    const level = Math.max(0, Math.min(PRIORITY_LEVELS - 1, frame.priority | 0));
    this.#sequence += 1;
    const stored = new StoredFrame(frame.bytes, level, id, this.#sequence);
    if (id !== undefined) this.#books.add(frame.bytes.length);
    if (frame.delayMs > 0) this.#delay(stored, frame.delayMs, nowMs);
    else this.ready.push(stored);
  }

  ack(grant: Grant): void {
    this.#forget(this.leases.end(grant));
  }

  /** Without a delay the frame is back after `catchUp`. */
  release(grant: Grant, delayMs: number, nowMs: number): void {
    const frame = this.leases.end(grant);
    if (delayMs > 0) this.#delay(frame, delayMs, nowMs);
    else this.#returning.push(frame);
  }

  /** Lets happen what time has brought, and puts back what was released: the frames that were here first come first. */
  catchUp(nowMs: number): void {
    this.leases.expire(nowMs, this.#returning);
    const returning = this.#returning;
    if (returning.length > 0) {
      this.#returning = [];
      returning.sort(newestFirst);
      for (const frame of returning) this.ready.restore(frame);
    }
    while (this.delays.nextAtMs <= nowMs) {
      const due = this.delays.shift() as StoredFrame;
      this.#sequence += 1;
      due.sequence = this.#sequence;
      this.ready.push(due);
    }
  }

  /** Removes what is ready and what is delayed; answers how many. */
  purge(): number {
    const count = this.ready.size + this.delays.size;
    while (this.ready.size > 0) this.#forget(this.ready.shift());
    for (let frame = this.delays.shift(); frame !== undefined; frame = this.delays.shift()) this.#forget(frame);
    return count;
  }

  /** Removes everything; receipts are lost from then on. */
  clear(): void {
    for (const grant of this.leases.grants()) this.ack(grant);
    this.purge();
  }

  #delay(frame: StoredFrame, delayMs: number, nowMs: number): void {
    frame.dueAtMs = nowMs + delayMs;
    this.delays.push(frame);
  }

  #forget(frame: StoredFrame): void {
    if (frame.id === undefined) return;
    this.ids?.free(frame.id);
    this.#books.subtract(frame.bytes.length);
  }
}

function newestFirst(one: StoredFrame, other: StoredFrame): number {
  return other.sequence - one.sequence;
}
