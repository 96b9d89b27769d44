import type { OutFrame, Queue, SendOutcome } from "@org/dispatch-core/contract";
import { KafkaRefusal, missing } from "./kafka-error.ts";
import { spotOf } from "./names.ts";
import type { Settings } from "./options.ts";
import { partitionOf } from "./partitioning.ts";
import type { Batch } from "./port.ts";
import { BATCH_FRAMES } from "./profile.ts";
import { TopicWriter } from "./topic-writer.ts";

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
    const batches = new Map<number, { records: { key: string | null; value: Uint8Array }[]; at: number[] }>();
    frames.forEach((frame, at) => {
      const refused = refusalOf(frame, frameBytes);
      if (refused !== undefined) {
        outcomes[at] = { failed: refused };
        return;
      }
      const key = queue.role === "reply" ? queue.name : frame.key;
      const partition = key === undefined ? this.#next(topic, partitions) : partitionOf(key, partitions);
      const batch = batches.get(partition) ?? { records: [], at: [] };
      batches.set(partition, batch);
      batch.records.push({ key: key ?? null, value: frame.bytes });
      batch.at.push(at);
    });
    const all = [...batches].map(([partition, { records }]): Batch => ({ partition, records }));
    if (all.length === 0) return outcomes;
    const failures = await this.#writer(topic).write(all, signal);
    // One failure of all is the call's.
    if (failures.every((failure) => failure !== undefined)) throw failures[0];
    [...batches.values()].forEach(({ at }, index) => {
      if (failures[index] !== undefined) for (const place of at) outcomes[place] = { failed: failures[index] };
    });
    return outcomes;
  }

  #writer(topic: string): TopicWriter {
    let writer = this.#writers.get(topic);
    if (writer === undefined) {
      const { port, frameBytes: batchBytes } = this.#settings;
      const produce = (batches: readonly Batch[]) => port.produce(topic, batches);
      writer = new TopicWriter({ batchBytes, batchRecords: BATCH_FRAMES, produce });
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

function refusalOf({ bytes, delayMs }: OutFrame, frameBytes: number): KafkaRefusal | undefined {
  if (bytes.length > frameBytes)
    return new KafkaRefusal("TOO_LARGE", `a frame of ${bytes.length} bytes is above the limit of ${frameBytes}`);
  return delayMs > 0
    ? new KafkaRefusal("MISMATCH", `Kafka delays nothing, and a send is delayed by ${delayMs} ms`)
    : undefined;
}
