import { CommitTimer, CreditBuffer, encodeNote, Ledger, lostAtTakeOver } from "../../adapter-kit/index.ts";
import type { Delivery, HoldOutcome, Queue, Receipt, Settlement, Want } from "../../contract/index.ts";
import type { Connection } from "./connection.ts";
import type { LogQueue, LogRecord } from "./log-queue.ts";
import type { Receiver, Station } from "./receiver.ts";

/** One partition that this session has, for as long as it has it. */
interface Tracker {
  readonly partition: number;
  readonly ledger: Ledger;
  /** What is not done below this was lost with an earlier holder. */
  readonly lostBelow: number;
  /** Has anything happened that no commit says? */
  isDirty: boolean;
}

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
 * A queue that is a log, as one session receives from it. It is a member of the queue's group; it keeps a ledger for each of its partitions, commits a
 * grant mark before it hands anything out, and what was done some time after. A delivery that is not renewed goes back to itself: the log cannot take
 * it back.
 */
export class LogReceiver implements Receiver {
  readonly store: LogQueue;
  readonly #station: Station;
  readonly #buffer: CreditBuffer<LogReceipt>;
  readonly #commits: CommitTimer;
  /** Every id that this session had in the group. */
  readonly #own = new Set<string>();
  #id = "";
  #generation = 0;
  #trackers = new Map<number, Tracker>();
  /** Given back, and to be handed out again before anything new. */
  #returned: LogReceipt[] = [];
  #credit = 0;
  #turn = 0;

  constructor(store: LogQueue, station: Station) {
    const { clock, world } = station;
    this.store = store;
    this.#station = station;
    this.#buffer = new CreditBuffer<LogReceipt>({
      clock,
      credit: (frames) => {
        this.#credit = frames;
        this.#pull();
      },
      release: (receipts) => void this.#returned.unshift(...receipts),
      lingerMs: 0,
    });
    this.#commits = new CommitTimer({
      clock,
      everyMs: world.rules.profile.ackLagMs,
      everyFrames: world.rules.profile.ackLagMs === 0 ? 1 : world.rules.mechanics.commitFrames,
      commit: () => this.#commitDirty(),
    });
    if (station.connection !== undefined) this.connected(station.connection);
  }

  get isWaiting(): boolean {
    return this.#credit > 0;
  }

  async receive(want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    const { world, clock, leases } = this.#station;
    this.store.read(clock.now());
    const max = Math.min(want.max, world.rules.mechanics.receiveFrames);
    const waiting = this.#buffer.receive({ ...want, max }, signal);
    // Whoever waits has to be told when something falls due.
    world.settle(clock.now());
    const receipts = await waiting;
    const current = receipts.filter(({ tracker }) => this.#has(tracker));
    for (const receipt of current) leases.add(receipt, want.leaseMs);
    return current.map((receipt) => {
      const { record, redelivery } = receipt;
      return { receipt, bytes: record.bytes, redelivery };
    });
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
    }
    return "ok";
  }

  expired(receipt: Receipt): void {
    if (this.#isHeld(receipt)) this.#giveBack(receipt, 1);
  }

  flush(): void {
    this.#commits.flush();
  }

  connected(connection: Connection): void {
    const { gate } = this.#station;
    const { group, wakers } = this.store;
    const id = group.join({
      revoking: () => {
        if (gate.isAlive) this.#commitDirty();
      },
      assigned: (generation, partitions) => gate.happen(() => this.#assigned(id, generation, partitions)),
    });
    this.#id = id;
    this.#own.add(id);
    const wake = () => gate.happen(() => this.#pull());
    wakers.add(wake);
    connection.leaving.add(() => {
      wakers.delete(wake);
      group.leave(id);
    });
    this.#buffer.reopen();
    group.rebalance();
  }

  disconnected(): void {
    this.#commits.stop();
    this.#trackers = new Map();
    this.#returned = [];
  }

  paused(): void {}

  resumed(): void {}

  /** Clears the grant mark: what was handed out and is not done was only given back. */
  async end(): Promise<void> {
    this.#buffer.end();
    this.#commits.stop();
    for (const tracker of this.#trackers.values()) this.#commit(tracker, true);
    this.#trackers = new Map();
  }

  #has(tracker: Tracker): boolean {
    return this.#trackers.get(tracker.partition) === tracker;
  }

  #isHeld(receipt: Receipt): receipt is LogReceipt {
    return receipt instanceof LogReceipt && this.#has(receipt.tracker);
  }

  /** A partition that stays keeps its ledger; one that comes begins where its holder before has left it. */
  #assigned(id: string, generation: number, partitions: readonly number[]): void {
    if (id !== this.#id || this.#station.connection === undefined) return;
    const { group } = this.store;
    this.#generation = generation;
    const before = this.#trackers;
    this.#trackers = new Map();
    for (const partition of partitions) {
      const { offset, note } = group.committed(partition);
      const lostBelow = lostAtTakeOver(note, { members: group.members, own: this.#own });
      const ledger = new Ledger({
        base: offset,
        done: note?.done ?? [],
        windowOffsets: this.#station.world.rules.mechanics.windowOffsets,
      });
      this.#trackers.set(partition, before.get(partition) ?? { partition, ledger, lostBelow, isDirty: false });
    }
    this.#returned = this.#returned.filter(({ tracker }) => this.#has(tracker));
    this.#pull();
  }

  /** Takes as much as there is credit for, marks it as handed out, and only then hands it out. */
  #pull(): void {
    if (this.#credit <= 0 || !this.#station.world.isUp || this.#station.connection === undefined) return;
    const taken = this.#returned.splice(0, this.#credit);
    const trackers = [...this.#trackers.values()];
    const touched = new Set<Tracker>();
    for (let empty = 0; taken.length < this.#credit && empty < trackers.length; ) {
      this.#turn = (this.#turn + 1) % trackers.length;
      const tracker = trackers[this.#turn] as Tracker;
      const receipt = this.#next(tracker);
      empty = receipt === undefined ? empty + 1 : 0;
      if (receipt === undefined) continue;
      taken.push(receipt);
      touched.add(tracker);
    }
    const refused = [...touched].filter((tracker) => !this.#commit(tracker, false));
    const granted = taken.filter(({ tracker }) => !refused.includes(tracker));
    if (granted.length === 0) return;
    this.#credit -= granted.length;
    this.#buffer.push(granted);
  }

  /** To be handed out again, under another receipt: the old one is worth nothing from now on. */
  #giveBack({ queue, tracker, record }: LogReceipt, redelivery: number): void {
    this.#returned.push(new LogReceipt(queue, tracker, record, redelivery));
    this.#pull();
  }

  #next({ partition, ledger, lostBelow }: Tracker): LogReceipt | undefined {
    for (;;) {
      const record = this.store.fetch(partition, ledger.next);
      if (record === undefined || !ledger.hasRoom(record.offset)) return undefined;
      if (!ledger.admit(record.offset)) continue;
      const tracker = this.#trackers.get(partition) as Tracker;
      return new LogReceipt(this.store.queue, tracker, record, record.offset < lostBelow ? 1 : 0);
    }
  }

  #commitDirty(): void {
    if (this.#station.world.isUp) {
      for (const tracker of this.#trackers.values()) if (tracker.isDirty) this.#commit(tracker, false);
    } else this.#commits.failed();
  }

  /** Answers whether the group took it: not from a member that it has thrown out. */
  #commit(tracker: Tracker, isLast: boolean): boolean {
    const { ledger, lostBelow, partition } = tracker;
    const { base } = ledger;
    const grantedBelow = isLast ? undefined : ledger.next;
    const note = encodeNote(base, { done: ledger.doneAbove(), grantedBelow, by: this.#id, lostBelow });
    const isTaken = this.store.group.commit(this.#id, this.#generation, partition, base, note);
    if (isTaken) tracker.isDirty = false;
    return isTaken;
  }
}
