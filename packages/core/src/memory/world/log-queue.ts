import type { Depth, OutFrame, Queue, SendOutcome } from "../../contract/index.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import type { FrameState, Rules, Store } from "./store.ts";

export interface LogRecord {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly sentAtMs: number;
  /** Its place among all records of the queue. */
  readonly sequence: number;
}

/** One partition: records in a row, the oldest of which go when they are committed, too old, or purged. */
class Partition {
  records: LogRecord[] = [];
  /** The offset of the next record. */
  end = 0;

  /** The offset of the first record that is still here. */
  get start(): number {
    return this.records[0]?.offset ?? this.end;
  }

  dropBelow(offset: number): void {
    const count = Math.min(this.records.length, Math.max(0, offset - this.start));
    if (count > 0) this.records.splice(0, count);
  }
}

/**
 * A queue that is a log: partitions that a group of members shares as wholes. The broker stores and hands out records; what is in hand and what is done
 * is the members' business, who commit a watermark and a note for each partition.
 */
export class LogQueue implements Store {
  readonly queue: Queue;
  isEnded = false;
  readAtMs: number;
  readonly group: ConsumerGroup;
  /** Called when there may be more to fetch: one for each member that wants something. */
  readonly wakers = new Set<() => void>();
  readonly #partitions: readonly Partition[];
  readonly #retentionMs: number;
  #sequence = 0;
  #turn = 0;

  constructor(queue: Queue, { profile, mechanics }: Rules, nowMs: number) {
    this.queue = queue;
    this.readAtMs = nowMs;
    this.#partitions = Array.from({ length: mechanics.partitions }, () => new Partition());
    this.#retentionMs = queue.role === "reply" ? profile.replyRetentionMs : profile.retentionMs;
    // A janitor deletes what is committed, so that a lost commit cannot bring a whole history back.
    this.group = new ConsumerGroup(mechanics.partitions, (partition, offset) => this.#at(partition).dropBelow(offset));
  }

  get nextAtMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  accept(frame: OutFrame, nowMs: number): SendOutcome {
    this.#turn += 1;
    const count = this.#partitions.length;
    const partition = this.#at(frame.key === undefined ? this.#turn % count : hashOf(frame.key) % count);
    this.#sequence += 1;
    partition.records.push({ offset: partition.end, bytes: frame.bytes, sentAtMs: nowMs, sequence: this.#sequence });
    partition.end += 1;
    return "ok";
  }

  /** The first record at or above an offset. */
  fetch(partition: number, offset: number): LogRecord | undefined {
    const { records, start } = this.#at(partition);
    return records[Math.max(0, offset - start)];
  }

  advance(nowMs: number): void {
    if (this.#retentionMs >= Number.MAX_SAFE_INTEGER) return;
    for (const partition of this.#partitions) {
      let old = 0;
      for (const { sentAtMs } of partition.records) {
        if (sentAtMs + this.#retentionMs > nowMs) break;
        old += 1;
      }
      partition.dropBelow(partition.start + old);
    }
  }

  serve(_nowMs: number): void {
    for (const wake of [...this.wakers]) wake();
  }

  /** From what is committed: it is as old as the last commit. */
  depth(): Depth {
    const all = this.frames();
    const leased = all.filter(({ state }) => state === "leased").length;
    return { ready: all.length - leased, leased, delayed: 0, exact: false };
  }

  frames(): readonly { bytes: Uint8Array; state: FrameState; sequence: number }[] {
    const all: { bytes: Uint8Array; state: FrameState; sequence: number }[] = [];
    for (const [at, { records }] of this.#partitions.entries()) {
      const { offset: base, note } = this.group.committed(at);
      const done = new Set(note?.done);
      const grantedBelow = note?.grantedBelow ?? 0;
      for (const { offset, bytes, sequence } of records) {
        if (offset < base || done.has(offset)) continue;
        all.push({ bytes, sequence, state: offset < grantedBelow ? "leased" : "ready" });
      }
    }
    return all.sort((one, other) => one.sequence - other.sequence);
  }

  /** Deletes all records up to the end, as `DeleteRecords` does; what is in hand lives on in its holder's memory only. */
  purge(): number {
    const { ready } = this.depth();
    for (const partition of this.#partitions) partition.dropBelow(partition.end);
    return ready;
  }

  read(nowMs: number): void {
    this.readAtMs = nowMs;
  }

  clear(): void {
    this.purge();
  }

  end(): void {
    this.isEnded = true;
    this.clear();
    this.wakers.clear();
  }

  #at(partition: number): Partition {
    return this.#partitions[partition] as Partition;
  }
}

/** FNV-1a: the same key goes to the same partition. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}
