import { Reconnector, SessionLeases } from "../../adapter-kit/index.ts";
import { type Clock, type Queue, queueKey, type Receipt, type Timer } from "../../contract/index.ts";
import { MemoryError } from "../memory-error.ts";
import type { Connection } from "./connection.ts";
import { LogQueue } from "./log-queue.ts";
import { LogReceiver } from "./log-receiver.ts";
import type { MessageQueue } from "./message-queue.ts";
import { MessageReceiver } from "./message-receiver.ts";
import type { Receiver, Station } from "./receiver.ts";
import type { SessionGate } from "./session-gate.ts";
import type { World } from "./world.ts";

/** What one session has at its world from the first `open` on: a connection that is kept alive, its receivers, and the leases of what they hold. */
export class SessionLink implements Station {
  readonly world: World;
  readonly clock: Clock;
  readonly gate: SessionGate;
  readonly leases: SessionLeases<Receipt>;
  readonly receivers = new Map<string, Receiver>();
  readonly #reconnector: Reconnector<Connection>;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #wake: Timer | undefined;

  constructor(world: World, clock: Clock, gate: SessionGate) {
    this.world = world;
    this.clock = gate.clock(clock);
    this.gate = gate;
    this.leases = new SessionLeases({ clock: this.clock, expire: (receipts) => this.#expired(receipts) });
    this.#reconnector = new Reconnector({
      clock: this.clock,
      connect: async () => this.#connect(),
      opened: (connection) => {
        for (const receiver of this.receivers.values()) receiver.connected(connection);
        world.settle(this.clock.now());
      },
    });
  }

  get connection(): Connection | undefined {
    return this.#reconnector.current;
  }

  /** The first connection. Throws `UNAVAILABLE` during an outage. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#reconnector.start(signal);
  }

  /** At the beginning of each verb: everything that fell due happens. Answers the time. Throws `UNAVAILABLE` without a connection. */
  begin(): number {
    this.world.checkUp();
    if (this.connection === undefined)
      throw new MemoryError("UNAVAILABLE", `not connected: ${String(this.#reconnector.reason)}`);
    const nowMs = this.clock.now();
    this.world.tick(nowMs);
    return nowMs;
  }

  /** Throws `MISSING` for a queue that is not there and may not be made. */
  receiver(queue: Queue, nowMs: number): Receiver {
    const key = queueKey(queue);
    const known = this.receivers.get(key);
    const store = this.world.stores.source(queue, nowMs);
    if (known?.store === store) return known;
    const receiver =
      store instanceof LogQueue ? new LogReceiver(store, this) : new MessageReceiver(store as MessageQueue, this);
    this.receivers.set(key, receiver);
    return receiver;
  }

  receiverOf(receipt: Receipt): Receiver | undefined {
    return this.receivers.get(queueKey(receipt.queue));
  }

  /** Its process stops, or dies: the broker hears nothing from now on, and where the lease is the session's, notices after a while. */
  silence(): void {
    const { lease } = this.world.rules.profile;
    const { connection } = this;
    for (const receiver of this.receivers.values()) receiver.paused();
    if (connection === undefined || lease.kind !== "session") return;
    connection.diesAtMs = this.clock.now() + lease.detectionMs;
    this.world.settle(this.clock.now());
  }

  /** The broker hears of it again, unless it has noticed meanwhile. */
  speak(): void {
    this.world.tick(this.clock.now());
    if (this.connection !== undefined) this.connection.diesAtMs = Number.POSITIVE_INFINITY;
  }

  resume(): void {
    for (const receiver of this.receivers.values()) receiver.resumed();
    this.world.settle(this.clock.now());
  }

  /** An orderly end: what it holds is released without penalty. */
  async close(): Promise<void> {
    await Promise.all([...this.receivers.values()].map((receiver) => receiver.end()));
    this.leases.clear();
    this.#wake?.cancel();
    const connection = this.#reconnector.close();
    if (connection === undefined) return;
    const nowMs = this.clock.now();
    this.world.tick(nowMs);
    this.world.disconnect(connection, true, nowMs);
    this.world.settle(nowMs);
  }

  #connect(): Connection {
    const connection: Connection = this.world.connect({
      ended: (reason) => this.gate.happen(() => this.#ended(connection, reason)),
      wakeAt: (atMs) => this.#wakeAt(atMs),
    });
    return connection;
  }

  /** The session is over: nothing of it can be settled any more. */
  #ended(connection: Connection, reason: Error): void {
    if (this.connection !== connection) return;
    this.leases.clear();
    for (const receiver of this.receivers.values()) receiver.disconnected();
    this.#reconnector.lost(this.#reconnector.epoch, reason);
  }

  /** Newest first, so that the oldest ends up at the head. */
  #expired(receipts: readonly Receipt[]): void {
    const nowMs = this.clock.now();
    this.world.tick(nowMs);
    for (const receipt of [...receipts].reverse()) this.receiverOf(receipt)?.expired(receipt);
    this.world.settle(nowMs);
  }

  /** One timer, and only while somebody waits. */
  #wakeAt(atMs: number): void {
    if (atMs >= this.#wakeAtMs || !this.gate.isAlive) return;
    if (![...this.receivers.values()].some(({ isWaiting }) => isWaiting)) return;
    this.#wakeAtMs = atMs;
    this.#wake?.cancel();
    const wake = () => {
      if (this.#wakeAtMs === atMs) this.#wakeAtMs = Number.POSITIVE_INFINITY;
      const nowMs = this.clock.now();
      this.world.tick(nowMs);
      this.world.settle(nowMs);
    };
    this.#wake = this.clock.after(Math.max(0, Math.ceil(atMs - this.clock.now())), wake, true);
  }
}
