import type { Queue, Receipt } from "../contract/index.ts";
import type { Books } from "./books.ts";
import type { StoredFrame } from "./stored-frame.ts";

/** The queue of a grant, as far as its holder's verbs need it. Only called with grants that are current. Times in ms on the clock. */
export interface Home {
  /** Tells one backend's receipts from another's. */
  readonly books: Books;
  /** Changed by a verb that has not served it yet. */
  touched: boolean;
  ack(grant: Grant): void;
  release(grant: Grant, delayMs: number, nowMs: number): void;
  extend(grant: Grant, leaseMs: number, nowMs: number): void;
  catchUp(nowMs: number): void;
  serve(nowMs: number): void;
}

/** The grants of one duration. Time only goes on, so they stand in the order of their deadlines. */
export interface LeaseList {
  readonly durationMs: number;
  first: Grant | undefined;
  last: Grant | undefined;
}

/**
 * One grant of one frame, and the receipt for it. It is a link in the list of the leases of its duration. `frame` is there only while the grant is
 * the current one; it is taken away when the grant ends, which is the fence, and lets the frame go even if somebody keeps the receipt.
 */
export class Grant implements Receipt {
  readonly queue: Queue;
  readonly home: Home;
  frame: StoredFrame | undefined;
  /** On the clock, in ms: from then on the frame is held no more. */
  deadlineAtMs = 0;
  list: LeaseList | undefined = undefined;
  previous: Grant | undefined = undefined;
  next: Grant | undefined = undefined;

  constructor(queue: Queue, home: Home, frame: StoredFrame) {
    this.queue = queue;
    this.home = home;
    this.frame = frame;
  }
}
