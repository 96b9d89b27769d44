import { CreditBuffer } from "../../adapter-kit/index.ts";
import {
  type Delivery,
  type HoldOutcome,
  type Receipt,
  type Settlement,
  UNLIMITED,
  type Want,
} from "../../contract/index.ts";
import type { Connection } from "./connection.ts";
import type { Consumer, MessageQueue } from "./message-queue.ts";
import { Poll } from "./poll.ts";
import type { Receiver, Station } from "./receiver.ts";
import { HeldGrant } from "./world-frame.ts";

/**
 * A queue of messages, as one session receives from it: the broker pushes what there is credit for, or a poll fetches it where the profile says that a
 * poll cannot be called back. Leases are the broker's, or the session's own timers, as the profile says.
 */
export class MessageReceiver implements Receiver {
  readonly store: MessageQueue;
  readonly #station: Station;
  readonly #buffer: CreditBuffer<HeldGrant>;
  readonly #poll: Poll | undefined;
  #consumer: Consumer | undefined;
  #leaseMs = 0;

  constructor(store: MessageQueue, station: Station) {
    const { clock, world } = station;
    const { profile, mechanics } = world.rules;
    const { pollMs } = profile;
    this.store = store;
    this.#station = station;
    this.#poll =
      pollMs === 0
        ? undefined
        : new Poll({
            clock,
            pollMs,
            ask: (frames, untilMs) => this.#ask(frames, untilMs),
            over: () => this.#ask(0, 0),
          });
    this.#buffer = new CreditBuffer<HeldGrant>({
      clock,
      credit: (frames, waitMs) => {
        if (this.#poll === undefined) this.#ask(frames, Number.POSITIVE_INFINITY);
        else this.#poll.want(frames, waitMs);
      },
      release: (grants) => this.#release(grants),
      lingerMs: pollMs === 0 ? mechanics.lingerMs : UNLIMITED,
    });
    if (station.connection !== undefined) this.connected(station.connection);
  }

  get isWaiting(): boolean {
    return (this.#consumer?.credit ?? 0) > 0;
  }

  async receive(want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    const { world, clock } = this.#station;
    const requestedAtMs = clock.now();
    this.#leaseMs = want.leaseMs;
    if (this.#consumer !== undefined) this.#consumer.leaseMs = want.leaseMs;
    this.store.read(requestedAtMs);
    const max = Math.min(want.max, world.rules.mechanics.receiveFrames);
    const waiting = this.#buffer.receive({ ...want, max }, signal);
    // Whoever waits has to be told when something falls due.
    world.settle(requestedAtMs);
    const grants = await waiting;
    return grants.filter((grant) => this.#hand(grant, want.leaseMs, requestedAtMs)).map(deliveryOf);
  }

  renew(receipt: Receipt, leaseMs: number, nowMs: number): HoldOutcome {
    if (!this.#isOurs(receipt)) return "lost";
    if (!this.#isSession) return receipt.home.renew(receipt, leaseMs, nowMs);
    return receipt.home.isCurrent(receipt, nowMs) && this.#station.leases.renew(receipt, leaseMs) ? "ok" : "lost";
  }

  settle(settlement: Settlement, nowMs: number): HoldOutcome {
    const { receipt } = settlement;
    if (!this.#isOurs(receipt) || (this.#isSession && !this.#station.leases.end(receipt))) return "lost";
    if (settlement.kind === "ack") return receipt.home.ack(receipt, nowMs);
    return receipt.home.release(receipt, settlement.delayMs, nowMs);
  }

  expired(receipt: Receipt): void {
    if (this.#isOurs(receipt)) receipt.home.lose(receipt);
  }

  flush(): void {}

  connected(connection: Connection): void {
    const consumer: Consumer = {
      holder: connection,
      credit: 0,
      untilMs: 0,
      leaseMs: this.#leaseMs,
      deliver: (grants) => this.#deliver(grants),
    };
    this.#consumer = consumer;
    this.store.add(consumer);
    connection.leaving.add(() => this.store.drop(consumer));
    this.#buffer.reopen();
  }

  disconnected(): void {
    this.#consumer = undefined;
  }

  /** A broker that is asked for each frame gives none to a process that does not run; one that pushes, or a poll under way, does not know. */
  paused(): void {
    if (this.#consumer !== undefined && !this.#isSession && this.#poll === undefined) this.store.drop(this.#consumer);
  }

  resumed(): void {
    const consumer = this.#consumer;
    if (consumer !== undefined && consumer.holder === this.#station.connection) this.store.add(consumer);
  }

  end(): Promise<void> {
    this.#buffer.end();
    return this.#poll?.idle() ?? Promise.resolve();
  }

  get #isSession(): boolean {
    return this.#station.world.rules.profile.lease.kind === "session";
  }

  #ask(frames: number, untilMs: number): void {
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    const { mechanics } = this.#station.world.rules;
    const before = consumer.credit;
    // A poll that is under way may bring what it was asked for, whatever was asked since.
    const least = this.#poll === undefined || frames === 0 ? 0 : before;
    consumer.credit = Math.max(least, Math.min(frames, mechanics.receiveFrames));
    consumer.untilMs = frames === 0 ? 0 : Math.max(consumer.untilMs, untilMs);
    const grew = consumer.credit > before;
    if (grew && this.#station.world.isUp) this.store.serve(this.#station.clock.now());
  }

  #deliver(grants: readonly HeldGrant[]): void {
    const { gate, clock, world } = this.#station;
    const { pushLagMs } = world.rules.mechanics;
    if (pushLagMs > 0) clock.after(pushLagMs, () => this.#arrived(grants));
    else gate.happen(() => this.#arrived(grants));
  }

  #arrived(grants: readonly HeldGrant[]): void {
    const nowMs = this.#station.clock.now();
    const current = grants.filter((grant) => grant.home.isCurrent(grant, nowMs));
    if (this.#poll === undefined) this.#buffer.push(current);
    else this.#poll.brought(current.length, () => this.#buffer.push(current));
  }

  /** A lease counts from the hand-out; what was fetched for an earlier receive is renewed first, and may be lost by now. */
  #hand(grant: HeldGrant, leaseMs: number, requestedAtMs: number): boolean {
    const { clock, leases } = this.#station;
    const nowMs = clock.now();
    if (!grant.home.isCurrent(grant, nowMs)) return false;
    if (this.#isSession) leases.add(grant, leaseMs);
    else if (grant.grantedAtMs < requestedAtMs) return grant.home.renew(grant, leaseMs, nowMs) === "ok";
    return true;
  }

  #release(grants: readonly HeldGrant[]): void {
    const nowMs = this.#station.clock.now();
    for (const grant of [...grants].reverse()) grant.home.release(grant, 0, nowMs);
    this.#station.world.settle(nowMs);
  }

  /** Of this world. Where the session owns the leases, they know what came over the connection of now. */
  #isOurs(receipt: Receipt): receipt is HeldGrant {
    return receipt instanceof HeldGrant && receipt.home.rules === this.#station.world.rules;
  }
}

function deliveryOf(receipt: HeldGrant): Delivery {
  return { receipt, bytes: receipt.frame.bytes, redelivery: receipt.redelivery };
}
