import type { Batch } from "./port.ts";

/** What one request may hold: brokers take 100 MB (`socket.request.max.bytes`), but nobody should wait for that. */
const REQUEST_BYTES = 8 * 1024 * 1024;

export interface TopicWriterPort {
  /** The most of one batch, which is what a broker takes or refuses. One record may have more: then it is alone. */
  readonly batchBytes: number;
  readonly batchRecords: number;
  /** For each batch `undefined`, or why it was not written. */
  produce(batches: readonly Batch[]): Promise<readonly unknown[]>;
}

export interface SizedBatch extends Batch {
  /** Of its records, keys and overhead included. */
  readonly bytes: number;
}

interface Writing {
  readonly batches: readonly SizedBatch[];
  readonly signal: AbortSignal;
  resolve(failures: readonly unknown[]): void;
  reject(error: unknown): void;
}

interface Merged {
  readonly partition: number;
  readonly records: Batch["records"][number][];
  bytes: number;
}

/**
 * Writes to one topic, one request at a time; what is to be written meanwhile goes into the next one. A broker takes the requests of a connection one after the
 * other, and each costs it and this process more than many tasks do: so their number follows from the time that one takes, whatever the number of calls.
 */
export class TopicWriter {
  readonly #port: TopicWriterPort;
  readonly #waiting: Writing[] = [];
  #isRunning = false;

  constructor(port: TopicWriterPort) {
    this.#port = port;
  }

  /** For each batch `undefined`, or why it was not written, or perhaps not. What was not begun when the signal fires is not written. */
  write(batches: readonly SizedBatch[], signal: AbortSignal): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batches, signal, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What is written in this turn of the event loop goes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#once();
    this.#isRunning = false;
  }

  async #once(): Promise<void> {
    const request = new Map<number, Merged>();
    const writings: Writing[] = [];
    for (let bytes = 0; ; ) {
      const [next] = this.#waiting;
      if (next === undefined) break;
      const isOver = next.signal.aborted;
      if (!isOver && writings.length > 0 && !this.#fits(request, next, bytes)) break;
      this.#waiting.shift();
      if (isOver) {
        next.reject(next.signal.reason);
        continue;
      }
      writings.push(next);
      bytes += add(request, next);
    }
    if (writings.length === 0) return;
    const merged = [...request.values()];
    try {
      const failures = await this.#port.produce(merged);
      const byPartition = new Map(merged.map(({ partition }, at) => [partition, failures[at]]));
      for (const { batches, resolve } of writings) resolve(batches.map(({ partition }) => byPartition.get(partition)));
    } catch (error) {
      for (const { reject } of writings) reject(error);
    }
  }

  /** In the order of the calls, always: what does not fit is the first of the next request. */
  #fits(request: ReadonlyMap<number, Merged>, { batches }: Writing, bytes: number): boolean {
    const { batchBytes, batchRecords } = this.#port;
    let sum = bytes;
    for (const { partition, records, bytes: more } of batches) {
      sum += more;
      const merged = request.get(partition);
      if (merged === undefined) continue;
      if (merged.bytes + more > batchBytes || merged.records.length + records.length > batchRecords) return false;
    }
    return sum <= REQUEST_BYTES;
  }
}

/** Answers how many bytes more there are. */
function add(request: Map<number, Merged>, { batches }: Writing): number {
  let sum = 0;
  for (const { partition, records, bytes } of batches) {
    sum += bytes;
    const merged = request.get(partition);
    if (merged === undefined) request.set(partition, { partition, records: [...records], bytes });
    else {
      for (const record of records) merged.records.push(record);
      merged.bytes += bytes;
    }
  }
  return sum;
}
