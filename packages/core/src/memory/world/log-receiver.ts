import { CommitTimer, CreditBuffer } from "../../adapter-kit/index.ts";
import type { Delivery, HoldOutcome, Queue, Receipt, Settlement, Timer, Want } from "../../contract/index.ts";
import type { Connection } from "./connection.ts";
import { LogMember, type Tracker } from "./log-member.ts";
import type { LogQueue, LogRecord } from "./log-queue.ts";
import type { Receiver, Station } from "./receiver.ts";

class LogReceipt implements Receipt {
  readonly queue: Queue;
  readonly tracker: Tracker;
  readonly record: LogRecord;
  readonly redelivery: number;

  constructor(queue: Queue, tracker: Tracker, record: LogRecord, redelivery: number) {
    this.queue = queue;
    this.tracker = tracker;
    this.record = record;
    this.redelivery = redelivery;
  }
}

/**
 * A queue that is a log, as one session receives from it. It commits a grant mark before it hands anything out, and what was done some time after. A
 * delivery that is given back, or not renewed, goes back to this session itself: the log cannot take it back.
 */
export class LogReceiver implements Receiver {
  readonly store: LogQueue;
  readonly #station: Station;
  readonly #member: LogMember;
  readonly #buffer: CreditBuffer<LogReceipt>;
  readonly #commits: CommitTimer;
  /** Given back, and to be handed out again before anything new. */
  #returned: LogReceipt[] = [];
  #credit = 0;
  /** Nobody wants anything any more: leaves the group as soon as nothing is in hand. */
  #isLeaving = false;
  #idle: Timer | undefined;

  constructor(store: LogQueue, station: Station) {
    const { clock, world } = station;
    const { profile, mechanics } = world.rules;
    this.store = store;
    this.#station = station;
    this.#member = new LogMember(store, station, { changed: () => this.#changed(), woken: () => this.#pull() });
    this.#buffer = new CreditBuffer<LogReceipt>({
      clock,
      credit: (frames) => {
        this.#credit = frames;
        this.#pull();
        this.#watch();
      },
      release: (receipts) => {
        this.#returned.unshift(...receipts);
        this.#watch();
      },
      lingerMs: 0,
    });
    this.#commits = new CommitTimer({
      clock,
      everyMs: profile.ackLagMs,
      everyFrames: profile.ackLagMs === 0 ? 1 : mechanics.commitFrames,
      commit: () => {
        if (world.isUp) this.#member.commitDirty();
        else this.#commits.failed();
      },
    });
  }

  get isWaiting(): boolean {
    return this.#credit > 0;
  }

  async receive(want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    const { world, clock, leases } = this.#station;
    this.store.read(clock.now());
    const max = Math.min(want.max, world.rules.mechanics.receiveFrames);
    // Not before somebody receives: the partitions of a member that takes nothing would be nobody's.
    this.#isLeaving = max <= 0;
    if (!this.#isLeaving) this.#member.join();
    const waiting = this.#buffer.receive({ ...want, max }, signal);
    this.#watch();
    // Whoever waits has to be told when something falls due.
    world.settle(clock.now());
    const receipts = (await waiting).filter(({ tracker }) => this.#member.has(tracker));
    for (const receipt of receipts) leases.add(receipt, want.leaseMs);
    this.#watch();
    return receipts.map((receipt) => ({
      receipt,
      bytes: receipt.record.bytes,
      redelivery: receipt.redelivery,
    }));
  }

  renew(receipt: Receipt, leaseMs: number): HoldOutcome {
    return this.#isHeld(receipt) && this.#station.leases.renew(receipt, leaseMs) ? "ok" : "lost";
  }

  settle(settlement: Settlement): HoldOutcome {
    const { receipt } = settlement;
    if (!this.#isHeld(receipt) || !this.#station.leases.end(receipt)) return "lost";
    if (settlement.kind === "release") {
      this.#giveBack(receipt, receipt.redelivery);
    } else {
      receipt.tracker.ledger.finish(receipt.record.offset);
      receipt.tracker.isDirty = true;
      this.#commits.done(1);
      this.#watch();
    }
    return "ok";
  }

  expired(receipt: Receipt): void {
    if (this.#isHeld(receipt)) this.#giveBack(receipt, 1);
  }

  flush(): void {
    this.#commits.flush();
  }

  connected(_connection: Connection): void {
    if (this.#credit > 0) this.#member.join();
    this.#buffer.reopen();
  }

  disconnected(): void {
    this.#commits.stop();
    this.#returned = [];
    this.#member.forget();
  }

  paused(): void {}

  resumed(): void {}

  async end(): Promise<void> {
    this.#buffer.end();
    this.#retire();
  }

  #isHeld(receipt: Receipt): receipt is LogReceipt {
    return receipt instanceof LogReceipt && this.#member.has(receipt.tracker);
  }

  #changed(): void {
    this.#returned = this.#returned.filter(({ tracker }) => this.#member.has(tracker));
    this.#pull();
  }

  /** Takes as much as there is credit for, marks it as handed out, and only then hands it out. */
  #pull(): void {
    if (this.#credit <= 0 || !this.#station.world.isUp || this.#station.connection === undefined) return;
    const taken = this.#returned.splice(0, this.#credit);
    const touched = new Set<Tracker>(taken.map(({ tracker }) => tracker));
    while (taken.length < this.#credit) {
      const next = this.#member.next();
      if (next === undefined) break;
      const { tracker, record } = next;
      taken.push(new LogReceipt(this.store.queue, tracker, record, record.offset < tracker.lostBelow ? 1 : 0));
      touched.add(tracker);
    }
    const refused = [...touched].filter((tracker) => !this.#member.commit(tracker, false));
    const granted = taken.filter(({ tracker }) => !refused.includes(tracker));
    // A rebalance that this member has not heard of yet: it may keep the partition, and what it has read of it is read only once.
    this.#returned.push(...taken.filter(({ tracker }) => refused.includes(tracker)));
    if (granted.length === 0) return;
    this.#credit -= granted.length;
    this.#buffer.push(granted);
  }

  /** To be handed out again, under another receipt: the old one is worth nothing from now on. */
  #giveBack({ queue, tracker, record }: LogReceipt, redelivery: number): void {
    this.#returned.push(new LogReceipt(queue, tracker, record, redelivery));
    this.#pull();
    this.#watch();
  }

  /** A member that receives nothing and holds nothing leaves: at once where it was told so, else after a while. */
  #watch(): void {
    // What was given back and nobody wants is in nobody's hand.
    const isIdle = this.#credit === 0 && this.#member.inHand === this.#returned.length;
    if (isIdle && this.#isLeaving) this.#retire();
    else if (isIdle && this.#member.isMember) {
      const { clock, world } = this.#station;
      this.#idle ??= clock.after(world.rules.mechanics.idleMs, () => this.#retire(), true);
    } else {
      this.#idle?.cancel();
      this.#idle = undefined;
    }
  }

  #retire(): void {
    this.#idle?.cancel();
    this.#idle = undefined;
    this.#commits.stop();
    this.#member.leave();
    this.#returned = [];
  }
}
