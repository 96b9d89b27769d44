import { encodeNote, Ledger, lostAtTakeOver } from "../../adapter-kit/index.ts";
import type { LogQueue, LogRecord } from "./log-queue.ts";
import type { Station } from "./receiver.ts";

/** One partition that a member has, for as long as it has it. */
export interface Tracker {
  readonly partition: number;
  readonly ledger: Ledger;
  /** What is not done below this was lost with an earlier holder. */
  readonly lostBelow: number;
  /** Has anything happened that no commit says? */
  isDirty: boolean;
}

/** A session as a member of a log's group: which partitions it has, what of them is done, and what it commits. */
export class LogMember {
  readonly #store: LogQueue;
  readonly #station: Station;
  /** Its partitions have changed. */
  readonly #changed: () => void;
  /** There may be more to fetch. */
  readonly #woken: () => void;
  /** Every id that this session had in the group. */
  readonly #own = new Set<string>();
  /** `undefined` while it is no member. */
  #id: string | undefined;
  #generation = 0;
  #trackers = new Map<number, Tracker>();
  #turn = 0;
  #leave = () => {};

  constructor(store: LogQueue, station: Station, told: { changed(): void; woken(): void }) {
    this.#store = store;
    this.#station = station;
    this.#changed = () => told.changed();
    this.#woken = () => told.woken();
  }

  get isMember(): boolean {
    return this.#id !== undefined;
  }

  get inHand(): number {
    let sum = 0;
    for (const { ledger } of this.#trackers.values()) sum += ledger.inHand;
    return sum;
  }

  /** Does the session still have this partition, and since then without a break? */
  has(tracker: Tracker): boolean {
    return this.#trackers.get(tracker.partition) === tracker;
  }

  join(): void {
    const { gate, connection } = this.#station;
    if (this.#id !== undefined || connection === undefined) return;
    const { group, wakers } = this.#store;
    const id = group.join({
      isSilent: () => !gate.isAlive,
      revoking: () => {
        if (gate.isAlive) this.commitDirty();
      },
      assigned: (generation, partitions) => {
        const wasSilent = !gate.isAlive;
        gate.happen(() => {
          this.#assigned(id, generation, partitions);
          // It answers again: now its share can be divided anew.
          if (wasSilent && id === this.#id) group.rebalance();
        });
      },
    });
    this.#id = id;
    this.#own.add(id);
    const wake = () => gate.happen(this.#woken);
    wakers.add(wake);
    const leave = () => {
      connection.leaving.delete(leave);
      wakers.delete(wake);
      group.leave(id);
    };
    connection.leaving.add(leave);
    this.#leave = leave;
    group.rebalance();
  }

  /** An orderly leave. It clears the grant mark: what was handed out and is not done was only given back. */
  leave(): void {
    if (this.#id === undefined) return;
    for (const tracker of this.#trackers.values()) this.commit(tracker, true);
    this.forget();
    this.#leave();
  }

  /** The connection is lost, and with it the membership. */
  forget(): void {
    this.#trackers = new Map();
    this.#id = undefined;
  }

  /** The next record of any of its partitions, in turn; met in its ledger, so in hand from now on. */
  next(): { readonly tracker: Tracker; readonly record: LogRecord } | undefined {
    const trackers = [...this.#trackers.values()];
    for (let tried = 0; tried < trackers.length; tried += 1) {
      this.#turn = (this.#turn + 1) % trackers.length;
      const tracker = trackers[this.#turn] as Tracker;
      const record = this.#nextOf(tracker);
      if (record !== undefined) return { tracker, record };
    }
    return undefined;
  }

  commitDirty(): void {
    for (const tracker of this.#trackers.values()) if (tracker.isDirty) this.commit(tracker, false);
  }

  /** Answers whether the group took it: not from a member that it has thrown out. */
  commit(tracker: Tracker, isLast: boolean): boolean {
    const id = this.#id;
    if (id === undefined) return false;
    const { ledger, lostBelow, partition } = tracker;
    const { base } = ledger;
    const grantedBelow = isLast ? undefined : ledger.next;
    const note = encodeNote(base, { done: ledger.doneAbove(), grantedBelow, by: id, lostBelow });
    const isTaken = this.#store.group.commit(id, this.#generation, partition, base, note);
    if (isTaken) tracker.isDirty = false;
    return isTaken;
  }

  #nextOf({ partition, ledger }: Tracker): LogRecord | undefined {
    for (;;) {
      const record = this.#store.fetch(partition, ledger.next);
      if (record === undefined || !ledger.hasRoom(record.offset)) return undefined;
      if (ledger.admit(record.offset)) return record;
    }
  }

  /** A partition that stays keeps its ledger; one that comes begins where its holder before has left it. */
  #assigned(id: string, generation: number, partitions: readonly number[]): void {
    if (id !== this.#id) return;
    const { group } = this.#store;
    const { windowOffsets } = this.#station.world.rules.mechanics;
    this.#generation = generation;
    const before = this.#trackers;
    this.#trackers = new Map();
    for (const partition of partitions) {
      const { offset: base, note } = group.committed(partition);
      const lostBelow = lostAtTakeOver(note, { members: group.members, own: this.#own });
      const ledger = new Ledger({ base, done: note?.done ?? [], windowOffsets });
      this.#trackers.set(partition, before.get(partition) ?? { partition, ledger, lostBelow, isDirty: false });
    }
    this.#changed();
  }
}
