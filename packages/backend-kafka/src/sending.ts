import type { OutFrame, Queue, SendOutcome } from "@org/dispatch-core/contract";
import { KafkaRefusal, missing } from "./kafka-error.ts";
import { spotOf } from "./names.ts";
import type { Settings } from "./options.ts";
import { partitionOf } from "./partitioning.ts";
import type { Batch } from "./port.ts";
import { BATCH_FRAMES, BATCH_OVERHEAD_BYTES, RECORD_OVERHEAD_BYTES } from "./profile.ts";
import { type SizedBatch, TopicWriter } from "./topic-writer.ts";

/** What goes into a partition by one request: a call with long keys may need several. */
interface Part extends SizedBatch {
  readonly records: { readonly key: string | null; readonly value: Uint8Array }[];
  bytes: number;
  /** The places of its frames in the call. */
  readonly at: number[];
  /** Of the requests, in their order. */
  readonly turn: number;
}

/** Puts frames into the partitions of their topic: in turn, but those of one key into one, and those for one coordinator. */
export class Sending {
  readonly #settings: Settings;
  readonly #writers = new Map<string, TopicWriter>();
  /** Which partition of each topic had the last frame. */
  readonly #turns = new Map<string, number>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async send(queue: Queue, frames: readonly OutFrame[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    const { port, naming, frameBytes } = this.#settings;
    const { topic } = spotOf(naming, queue);
    const outcomes: SendOutcome[] = new Array(frames.length).fill("ok");
    const partitions = (await port.partitions([topic])).get(topic) ?? 0;
    if (partitions === 0) throw missing(topic);
    const mostBytes = mostOf(frameBytes);
    const last = new Map<number, Part>();
    const turns: Part[][] = [];
    // Replies have all the same one.
    let measured: string | undefined;
    let keyBytes = 0;
    frames.forEach((frame, at) => {
      const refused = refusalOf(frame, frameBytes);
      if (refused !== undefined) {
        outcomes[at] = { failed: refused };
        return;
      }
      const key = queue.role === "reply" ? queue.name : frame.key;
      const partition = key === undefined ? this.#next(topic, partitions) : partitionOf(key, partitions);
      if (key !== measured) {
        measured = key;
        keyBytes = key === undefined ? 0 : Buffer.byteLength(key);
      }
      const bytes = frame.bytes.length + RECORD_OVERHEAD_BYTES + keyBytes;
      let part = last.get(partition);
      if (part === undefined || part.bytes + bytes > mostBytes) {
        part = { partition, records: [], bytes: 0, at: [], turn: part === undefined ? 0 : part.turn + 1 };
        last.set(partition, part);
        turns[part.turn] ??= [];
        turns[part.turn]?.push(part);
      }
      part.records.push({ key: key ?? null, value: frame.bytes });
      part.bytes += bytes;
      part.at.push(at);
    });
    const parts = turns.flat();
    if (parts.length === 0) return outcomes;
    const writer = this.#writer(topic);
    const failures = (await Promise.all(turns.map((turn) => written(writer, turn, signal)))).flat();
    // One failure of all is the call's.
    if (failures.every((failure) => failure !== undefined)) throw failures[0];
    for (const [index, { at }] of parts.entries())
      if (failures[index] !== undefined) for (const place of at) outcomes[place] = { failed: failures[index] };
    return outcomes;
  }

  #writer(topic: string): TopicWriter {
    let writer = this.#writers.get(topic);
    if (writer === undefined) {
      const { port, frameBytes } = this.#settings;
      const produce = (batches: readonly Batch[]) => port.produce(topic, batches);
      writer = new TopicWriter({ batchBytes: mostOf(frameBytes), batchRecords: BATCH_FRAMES, produce });
      this.#writers.set(topic, writer);
    }
    return writer;
  }

  #next(topic: string, partitions: number): number {
    const turn = ((this.#turns.get(topic) ?? 0) + 1) % partitions;
    this.#turns.set(topic, turn);
    return turn;
  }
}

/** The most of one batch, keys included: what `open` asks of a topic. */
const mostOf = (frameBytes: number): number => frameBytes + BATCH_OVERHEAD_BYTES;

/** One failure of all of them is the failure of each: others of the same call may be written. */
function written(writer: TopicWriter, parts: readonly Part[], signal: AbortSignal): Promise<readonly unknown[]> {
  return writer.write(parts, signal).catch((error: unknown) => parts.map(() => error));
}

function refusalOf({ bytes, delayMs }: OutFrame, frameBytes: number): KafkaRefusal | undefined {
  if (bytes.length > frameBytes)
    return new KafkaRefusal("TOO_LARGE", `a frame of ${bytes.length} bytes is above the limit of ${frameBytes}`);
  return delayMs > 0
    ? new KafkaRefusal("MISMATCH", `Kafka delays nothing, and a send is delayed by ${delayMs} ms`)
    : undefined;
}
