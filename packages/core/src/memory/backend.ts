import type {
  Backend,
  BrowsePage,
  Clock,
  Delivery,
  Depth,
  ErrorClass,
  HoldOutcome,
  Move,
  MoveOutcome,
  OpenOptions,
  OutFrame,
  Page,
  Queue,
  Receipt,
  SendOutcome,
  Settlement,
  Want,
} from "../contract/index.ts";
import { Books } from "./books.ts";
import { browsePage } from "./browse-pages.ts";
import { Grant, type Home } from "./grant.ts";
import { classifyError, MemoryError } from "./memory-error.ts";
import { doMove, type Hands } from "./mover.ts";
import { type MemoryOptions, resolveOptions } from "./options.ts";
import { memoryProfile } from "./profile.ts";
import type { QueueStore } from "./queue-store.ts";
import { QueueTable } from "./queue-table.ts";

/**
 * The embedded backend: all queues in this process, exact and at once, gone with it. It keeps the bytes that it is sent, not a copy: a sender must
 * not write to them again. All time comes from the clock of the first `open`; due delays and expired leases are settled by the next verb that meets
 * them, and by a timer only where somebody waits.
 */
export class MemoryBackend implements Backend, AsyncDisposable {
  readonly contract = 1;
  readonly name = "memory";
  readonly profile = memoryProfile;
  readonly #books: Books;
  readonly #queues: QueueTable;
  #clock: Clock | undefined;
  #closed = false;
  #touched: Home[] = [];
  readonly #hands: Hands = {
    held: (receipt, nowMs) => this.#held(receipt, nowMs),
    touch: (home, nowMs) => this.#touch(home, nowMs),
  };

  constructor(options: MemoryOptions = {}) {
    const { namespace, maxTasks, maxBytes } = resolveOptions(options);
    this.#books = new Books({ maxTasks, maxBytes });
    this.#queues = new QueueTable(namespace, this.#books);
  }

  /** Makes every queue named, whatever `create` says: there is nowhere else where they could be. `create` is for those that nobody opens. */
  async open(options: OpenOptions, _signal: AbortSignal): Promise<void> {
    if (this.#closed) throw closedError();
    this.#clock ??= options.clock;
    this.#queues.create ||= options.create;
    for (const queue of options.receive) this.#queues.open(queue, this.#clock);
    for (const queue of options.send) this.#queues.open(queue, this.#clock);
  }

  async send(queue: Queue, frames: readonly OutFrame[], _signal: AbortSignal): Promise<readonly SendOutcome[]> {
    const clock = this.#opened();
    const store = this.#queues.target(queue, clock);
    if (store === undefined) return frames.map(() => "gone");
    const nowMs = clock.now();
    const outcomes: SendOutcome[] = [];
    this.#touch(store, nowMs);
    for (const frame of frames) outcomes.push(store.accept(frame, nowMs));
    this.#serveTouched(nowMs);
    return outcomes;
  }

  async receive(queue: Queue, want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#queues.source(queue, this.#opened()).receive(want, signal);
  }

  async renew(receipts: readonly Receipt[], leaseMs: number, _signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    const nowMs = this.#opened().now();
    const outcomes: HoldOutcome[] = [];
    for (const receipt of receipts) {
      const grant = this.#held(receipt, nowMs);
      grant?.home.extend(grant, leaseMs, nowMs);
      outcomes.push(grant === undefined ? "lost" : "ok");
    }
    return outcomes;
  }

  async settle(settlements: readonly Settlement[], _signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    const nowMs = this.#opened().now();
    const outcomes: HoldOutcome[] = [];
    for (const settlement of settlements) {
      const grant = this.#held(settlement.receipt, nowMs);
      outcomes.push(grant === undefined ? "lost" : "ok");
      if (grant === undefined) continue;
      if (settlement.kind === "ack") {
        grant.home.ack(grant);
        continue;
      }
      this.#touch(grant.home, nowMs);
      grant.home.release(grant, settlement.delayMs, nowMs);
    }
    this.#serveTouched(nowMs);
    return outcomes;
  }

  async move(moves: readonly Move[], _signal: AbortSignal): Promise<readonly MoveOutcome[]> {
    const clock = this.#opened();
    const nowMs = clock.now();
    const outcomes: MoveOutcome[] = [];
    for (const move of moves) outcomes.push(doMove(move, this.#hands, this.#queues, clock, nowMs));
    this.#serveTouched(nowMs);
    return outcomes;
  }

  async depth(queue: Queue, _signal: AbortSignal): Promise<Depth> {
    const { ready, leases, delays } = this.#lookInto(queue).frames;
    return { ready: ready.size, leased: leases.size, delayed: delays.size, exact: true };
  }

  async browse(queue: Queue, page: Page, _signal: AbortSignal): Promise<BrowsePage> {
    return browsePage(this.#lookInto(queue).frames, page);
  }

  async purge(queue: Queue, _signal: AbortSignal): Promise<number> {
    return this.#lookInto(queue).frames.purge();
  }

  async remove(queue: Queue, _signal: AbortSignal): Promise<void> {
    this.#opened();
    this.#queues.remove(queue);
  }

  classify(error: unknown): ErrorClass {
    return classifyError(error);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#queues.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #opened(): Clock {
    if (this.#closed) throw closedError();
    if (this.#clock === undefined) throw new MemoryError("CLOSED", "the memory backend was not opened");
    return this.#clock;
  }

  #lookInto(queue: Queue): QueueStore {
    const clock = this.#opened();
    const store = this.#queues.source(queue, clock);
    store.serve(clock.now());
    return store;
  }

  /** The grant behind a receipt, if it is this backend's, the current one of its frame, and not over. */
  #held(receipt: Receipt, nowMs: number): Grant | undefined {
    if (!(receipt instanceof Grant) || receipt.frame === undefined || nowMs >= receipt.deadlineAtMs) return undefined;
    return receipt.home.books === this.#books ? receipt : undefined;
  }

  /** Before a queue is changed: what time has brought stands before the change; what came of both is served at the end of the verb. */
  #touch(home: Home, nowMs: number): void {
    if (home.touched) return;
    home.touched = true;
    home.catchUp(nowMs);
    this.#touched.push(home);
  }

  #serveTouched(nowMs: number): void {
    if (this.#touched.length === 0) return;
    const touched = this.#touched;
    this.#touched = [];
    for (const store of touched) {
      store.touched = false;
      store.serve(nowMs);
    }
  }
}

function closedError(): MemoryError {
  return new MemoryError("CLOSED", "the memory backend is closed");
}
