import { encodeNote, Ledger } from "@org/dispatch-core/adapter-kit";
import type { Commit, Fetched, LogRecord, Place } from "./port.ts";

/** What lies ahead in this process of one partition, at most, before it is not asked for any more: twice as much may come by an answer. */
const AHEAD_BYTES = 256 * 1024;

/** What a record is here beside its bytes, at the least: many of them are much, however small each is. */
const RECORD_BYTES = 16;
/** The value of what stands for offsets without a record: it is done as soon as it is met, and nobody's frame. */
export const NOTHING = new Uint8Array(0);

export interface TrackerStart {
  readonly base: number;
  readonly done: readonly number[];
  readonly lostBelow: number;
  /** Of which log it is; `undefined`: nobody knows. */
  readonly logId?: string | undefined;
}

/** One partition that this process has, for as long as it has it: what was read of it, what is in hand, and what is done. */
export class Tracker implements Place {
  readonly topic: string;
  readonly partition: number;
  readonly ledger: Ledger;
  /** What is not done below this was lost with an earlier holder. */
  readonly lostBelow: number;
  /** Has anything happened that no commit says? */
  isDirty = false;
  /** Set when the partition is this process's no more: what was handed out of it is worth nothing then. */
  isOver = false;
  /** Everything below is gone from the log, as far as this process knows. */
  trimmedBelow: number;
  /** Up to here it has asked for that, with success or not. */
  trimTriedBelow: number;
  /** Read, and not met by the ledger yet; those before `#head` are. */
  #ahead: LogRecord[] = [];
  #head = 0;
  #aheadBytes = 0;
  #readTo: number;
  readonly #from: TrackerStart;

  constructor({ topic, partition }: Place, from: TrackerStart) {
    this.topic = topic;
    this.partition = partition;
    this.ledger = new Ledger(from);
    this.lostBelow = from.lostBelow;
    this.trimmedBelow = from.base;
    this.trimTriedBelow = from.base;
    this.#readTo = from.base;
    this.#from = from;
  }

  hasReadOf(logId: string): boolean {
    return this.#from.logId === logId && this.#readTo > this.#from.base;
  }

  /** The offset to read from. */
  get readTo(): number {
    return this.#readTo;
  }

  /** Is it worth asking for more? Not beyond the window, where nothing could be handed out. */
  get isHungry(): boolean {
    return this.#aheadBytes < AHEAD_BYTES && this.ledger.hasRoom(this.#readTo);
  }

  /** Is there something to hand out? */
  get hasNext(): boolean {
    const record = this.#ahead[this.#head];
    return record !== undefined && this.ledger.hasRoom(record.offset);
  }

  /** What was asked for at `readTo`. Answers whether there is more to take. */
  feed({ records, next = 0 }: Fetched): boolean {
    const before = this.#readTo;
    for (const record of records) {
      // A broker gives whole batches: the first may begin below what was asked for.
      if (record.offset < this.#readTo) continue;
      this.#ahead.push(record);
      this.#aheadBytes += bytesOf(record);
      this.#readTo = record.offset + 1;
    }
    if (next > this.#readTo) {
      const gap = { offset: next - 1, key: null, value: NOTHING };
      this.#ahead.push(gap);
      this.#aheadBytes += bytesOf(gap);
      this.#readTo = next;
    }
    return this.#readTo > before;
  }

  /** The log begins there by now: what was to be read before is gone. */
  skipTo(offset: number): void {
    this.#readTo = Math.max(this.#readTo, offset);
  }

  /** The next record to hand out, in hand from now on; `undefined` where there is none, or no room for it. */
  next(): LogRecord | undefined {
    for (;;) {
      const record = this.#ahead[this.#head];
      if (record === undefined || !this.ledger.hasRoom(record.offset)) return undefined;
      this.#head += 1;
      this.#aheadBytes -= bytesOf(record);
      if (this.#head === this.#ahead.length) {
        this.#ahead = [];
        this.#head = 0;
      } else if (this.#head > 1_024 && this.#head * 2 > this.#ahead.length) {
        this.#ahead = this.#ahead.slice(this.#head);
        this.#head = 0;
      }
      if (this.ledger.admit(record.offset)) return record;
      this.isDirty = true;
    }
  }

  /** What is below was removed from the log. */
  purge(below: number): void {
    this.#ahead = this.#ahead.slice(this.#head).filter(({ offset }) => offset >= below);
    this.#head = 0;
    this.#aheadBytes = 0;
    for (const record of this.#ahead) this.#aheadBytes += bytesOf(record);
    // What is on its way, too.
    this.skipTo(below);
  }

  /** What is to be committed. `by` has handed out what is in hand; nobody has, where that is left out. */
  commit(by: string, isMarked: boolean): Commit {
    const { base } = this.ledger;
    const grantedBelow = isMarked ? this.ledger.next : undefined;
    const note = encodeNote(base, { done: this.ledger.doneAbove(), grantedBelow, by, lostBelow: this.lostBelow });
    return { topic: this.topic, partition: this.partition, offset: base, note };
  }
}

function bytesOf({ key, value }: LogRecord): number {
  return RECORD_BYTES + value.length + (key === null ? 0 : key.length);
}
