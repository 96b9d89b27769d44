import {
  type Backend,
  type BrowsePage,
  type Delivery,
  type Depth,
  type ErrorClass,
  type HoldOutcome,
  type Move,
  type MoveOutcome,
  type OpenOptions,
  type OutFrame,
  type Page,
  type Profile,
  type Queue,
  queueKey,
  type Receipt,
  type SendOutcome,
  type Settlement,
  type Want,
} from "../../contract/index.ts";
import { classifyError, MemoryError } from "../memory-error.ts";
import { checkBatch, checkBytes, refusedFrame, refusedRelease } from "./limits.ts";
import { moveInWorld } from "./move.ts";
import { pageOf } from "./page.ts";
import { SessionGate } from "./session-gate.ts";
import { SessionLink } from "./session-link.ts";
import type { World } from "./world.ts";

/**
 * One client of a world: what another process's connection to the same broker would be. Its verbs are a backend's; beside them stand what can happen to
 * a process and its broker, for tests.
 */
export class MemorySession implements Backend, AsyncDisposable {
  readonly contract = 1;
  readonly name: string;
  readonly profile: Profile;
  readonly move?: (moves: readonly Move[], signal: AbortSignal) => Promise<readonly MoveOutcome[]>;
  readonly depth?: (queue: Queue, signal: AbortSignal) => Promise<Depth>;
  readonly browse?: (queue: Queue, page: Page, signal: AbortSignal) => Promise<BrowsePage>;
  readonly purge?: (queue: Queue, signal: AbortSignal) => Promise<number>;
  readonly remove?: (queue: Queue, signal: AbortSignal) => Promise<void>;
  readonly #world: World;
  readonly #gate = new SessionGate();
  #link: SessionLink | undefined;
  #closing: Promise<void> | undefined;

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
    this.profile = world.rules.profile;
    const { verbs } = this.profile;
    if (verbs.includes("move")) this.move = (moves, signal) => this.#move(moves, signal);
    if (verbs.includes("depth")) this.depth = (queue, signal) => this.#depth(queue, signal);
    if (verbs.includes("browse")) this.browse = (queue, page, signal) => this.#browse(queue, page, signal);
    if (verbs.includes("purge")) this.purge = (queue, signal) => this.#purge(queue, signal);
    if (verbs.includes("remove")) this.remove = (queue, signal) => this.#remove(queue, signal);
  }

  async open(options: OpenOptions, signal: AbortSignal): Promise<void> {
    await this.#gate.awake(signal);
    if (this.#closing !== undefined) throw closedError();
    this.#link ??= new SessionLink(this.#world, options.clock, this.#gate);
    this.#world.tick(this.#link.clock.now());
    await this.#link.start(signal);
    const nowMs = this.#link.clock.now();
    const { stores } = this.#world;
    stores.create ||= options.create;
    stores.openAll([...options.receive, ...options.send], options.create, nowMs);
    for (const queue of options.receive) this.#link.receiver(queue, nowMs);
    this.#world.settle(nowMs);
  }

  async send(queue: Queue, frames: readonly OutFrame[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    const nowMs = await this.#begin(signal);
    checkBatch(this.profile, frames.length);
    checkBytes(this.profile, frames);
    const store = this.#world.stores.target(queue, nowMs);
    // Who does not learn that a queue is gone is told that all is well.
    if (store === undefined) return frames.map(() => (this.profile.knowsGone ? "gone" : "ok"));
    const outcomes = frames.map((frame) => refusedFrame(this.profile, frame) ?? store.accept(frame, nowMs));
    this.#world.settle(nowMs);
    return outcomes;
  }

  async receive(queue: Queue, want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    try {
      const nowMs = await this.#begin(signal);
      const deliveries = await this.#opened().receiver(queue, nowMs).receive(want, signal);
      // A process that is not there does not see the answer.
      await this.#gate.awake(signal);
      return deliveries;
    } catch (error) {
      if (signal.aborted && !(error instanceof MemoryError)) return [];
      throw error;
    }
  }

  async renew(receipts: readonly Receipt[], leaseMs: number, signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    const nowMs = await this.#begin(signal);
    checkBatch(this.profile, receipts.length);
    const link = this.#opened();
    return receipts.map((receipt) => link.receiverOf(receipt)?.renew(receipt, leaseMs, nowMs) ?? "lost");
  }

  async settle(settlements: readonly Settlement[], signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    const nowMs = await this.#begin(signal);
    checkBatch(this.profile, settlements.length);
    const link = this.#opened();
    const outcomes: HoldOutcome[] = settlements.map(
      (settlement) =>
        refusedRelease(this.profile, settlement) ??
        link.receiverOf(settlement.receipt)?.settle(settlement, nowMs) ??
        "lost",
    );
    this.#world.settle(nowMs);
    return outcomes;
  }

  classify(error: unknown): ErrorClass {
    return classifyError(error);
  }

  close(): Promise<void> {
    this.#closing ??= this.#gate.isDead ? Promise.resolve() : (this.#link?.close() ?? Promise.resolve());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Another client of the same world, as another process would have it. */
  session(): MemorySession {
    return new MemorySession(this.#world, this.name);
  }

  /**
   * The process dies without a word: its verbs answer no more, and reject when their signal fires. The broker notices after the profile's `detectionMs`
   * where leases are the session's; else its leases run out.
   */
  kill(): void {
    this.#gate.kill();
    this.#link?.silence();
  }

  /** As SIGSTOP: nothing happens in the process until it is thawed, while the broker goes on. */
  freeze(): void {
    if (!this.#gate.isAlive) return;
    this.#gate.freeze();
    this.#link?.silence();
  }

  /** As SIGCONT. */
  thaw(): void {
    if (this.#gate.isAlive || this.#gate.isDead) return;
    this.#link?.speak();
    this.#gate.thaw();
    this.#link?.resume();
  }

  /** The connection breaks, and both ends notice. Nothing happens where the profile's leases do not hang on a session. */
  cut(): void {
    const connection = this.#link?.connection;
    if (connection !== undefined && this.profile.lease.kind === "session") this.#world.cut(connection, this.#now());
  }

  /** The broker is away until `startBroker`. `keep`: what was acknowledged survives; default: as the profile's durability says. */
  stopBroker(options: { readonly keep?: boolean } = {}): void {
    this.#world.stop(options.keep ?? this.profile.durability === "restart", this.#now());
  }

  startBroker(): void {
    this.#world.start(this.#now());
  }

  /** The broker stops and starts at once. */
  restart(options: { readonly keep?: boolean } = {}): void {
    this.stopBroker(options);
    this.startBroker();
  }

  async #move(moves: readonly Move[], signal: AbortSignal): Promise<readonly MoveOutcome[]> {
    const nowMs = await this.#begin(signal);
    checkBatch(this.profile, moves.length);
    const outcomes = moves.map((move) => moveInWorld(move, this.#world, nowMs));
    this.#world.settle(nowMs);
    return outcomes;
  }

  async #depth(queue: Queue, signal: AbortSignal): Promise<Depth> {
    const nowMs = await this.#begin(signal);
    this.#link?.receivers.get(queueKey(queue))?.flush();
    return this.#world.stores.source(queue, nowMs).depth();
  }

  async #browse(queue: Queue, page: Page, signal: AbortSignal): Promise<BrowsePage> {
    const nowMs = await this.#begin(signal);
    if (this.#world.rules.mechanics.browses === "dead" && queue.role !== "dead")
      throw new MemoryError("MISMATCH", `only dead letters can be looked at, not a queue of role ${queue.role}`);
    this.#link?.receivers.get(queueKey(queue))?.flush();
    return pageOf(this.#world.stores.source(queue, nowMs).frames(), page);
  }

  async #purge(queue: Queue, signal: AbortSignal): Promise<number> {
    const nowMs = await this.#begin(signal);
    this.#link?.receivers.get(queueKey(queue))?.flush();
    return this.#world.stores.source(queue, nowMs).purge();
  }

  async #remove(queue: Queue, signal: AbortSignal): Promise<void> {
    await this.#begin(signal);
    const { receivers } = this.#opened();
    const receiver = receivers.get(queueKey(queue));
    receivers.delete(queueKey(queue));
    this.#world.stores.remove(queue);
    // A poll that is still under way brings nothing any more: nobody has to wait for it.
    void receiver?.end();
  }

  /** At the beginning of each verb: is anybody there, and what has time brought? */
  async #begin(signal: AbortSignal): Promise<number> {
    await this.#gate.awake(signal);
    return this.#opened().begin();
  }

  #opened(): SessionLink {
    if (this.#closing !== undefined) throw closedError();
    if (this.#link === undefined) throw new MemoryError("CLOSED", "the memory backend was not opened");
    return this.#link;
  }

  #now(): number {
    if (this.#link === undefined) throw new MemoryError("CLOSED", "the memory backend was not opened");
    return this.#link.clock.now();
  }
}

function closedError(): MemoryError {
  return new MemoryError("CLOSED", "the memory backend is closed");
}
