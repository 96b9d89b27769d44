import type { Batch } from "../port.ts";
import { RecordBatch } from "./record-batch.ts";

/** A request as a connection of kafkajs takes it: what it writes, and how the answer is read. */
export interface ProtocolRequest<R> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
  };
  readonly response: {
    decode(bytes: Buffer): Promise<R>;
    parse(answer: R): Promise<R>;
  };
}

/** What the broker says of each partition, by its number. */
export interface Produced {
  readonly errors: ReadonlyMap<number, ProduceError>;
  /** As kafkajs reads it: hold back for so long. */
  readonly clientSideThrottleTime: number;
}

/** Error codes that a produce may be answered with (https://kafka.apache.org/protocol#protocol_error_codes). */
const TYPES: Readonly<Record<number, string>> = {
  2: "CORRUPT_MESSAGE",
  3: "UNKNOWN_TOPIC_OR_PARTITION",
  5: "LEADER_NOT_AVAILABLE",
  6: "NOT_LEADER_FOR_PARTITION",
  7: "REQUEST_TIMED_OUT",
  10: "MESSAGE_TOO_LARGE",
  17: "INVALID_TOPIC_EXCEPTION",
  18: "RECORD_LIST_TOO_LARGE",
  19: "NOT_ENOUGH_REPLICAS",
  20: "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  29: "TOPIC_AUTHORIZATION_FAILED",
  31: "CLUSTER_AUTHORIZATION_FAILED",
  32: "INVALID_TIMESTAMP",
  44: "POLICY_VIOLATION",
  56: "KAFKA_STORAGE_ERROR",
  74: "FENCED_LEADER_EPOCH",
  87: "INVALID_RECORD",
  89: "THROTTLING_QUOTA_EXCEEDED",
};

/** A broker has not taken a batch. */
export class ProduceError extends Error {
  override readonly name = "ProduceError";
  /** As kafkajs calls it. */
  readonly type: string;

  constructor(code: number, topic: string, partition: number) {
    const type = TYPES[code] ?? `code ${code}`;
    super(`partition ${partition} of the topic ${topic}: ${type}`);
    this.type = type;
  }
}

const PRODUCE = 0;
/** The newest that kafkajs knows; every broker from 2.1 on takes it. */
export const PRODUCE_VERSION = 7;
const ALL = -1;

/**
 * Writes batches of one topic to their leader, acknowledged by all replicas in sync. kafkajs's own request does the same with seven copies of each byte, and
 * says of a failure neither which partition it was nor what became of the others.
 */
export function produceRequest(
  topic: string,
  batches: readonly Batch[],
  ackMs: number,
  atMs: number,
): ProtocolRequest<Produced> {
  return {
    request: {
      apiKey: PRODUCE,
      apiVersion: PRODUCE_VERSION,
      apiName: "Produce",
      async encode() {
        const buffer = encode(topic, batches, ackMs, atMs);
        return { buf: buffer, buffer };
      },
    },
    response: { decode: async (bytes) => decode(topic, bytes), parse: async (answer) => answer },
  };
}

function encode(topic: string, batches: readonly Batch[], ackMs: number, atMs: number): Buffer {
  const name = Buffer.from(topic);
  const made = batches.map((batch) => ({ partition: batch.partition, batch: new RecordBatch(batch) }));
  const bytes = made.reduce((sum, { batch }) => sum + 8 + batch.bytes, 18 + name.length);
  const into = Buffer.allocUnsafe(bytes);
  let at = into.writeInt16BE(-1, 0);
  at = into.writeInt16BE(ALL, at);
  at = into.writeInt32BE(ackMs, at);
  at = into.writeInt32BE(1, at);
  at = into.writeInt16BE(name.length, at);
  into.set(name, at);
  at = into.writeInt32BE(made.length, at + name.length);
  for (const { partition, batch } of made) {
    at = into.writeInt32BE(partition, at);
    at = into.writeInt32BE(batch.bytes, at);
    at = batch.write(into, at, atMs);
  }
  return into;
}

/** [topic: [partition, code, offset, time, start]], throttle. */
function decode(topic: string, bytes: Buffer): Produced {
  const errors = new Map<number, ProduceError>();
  let at = 4;
  for (let topics = bytes.readInt32BE(0); topics > 0; topics -= 1) {
    at += 2 + bytes.readInt16BE(at);
    const partitions = bytes.readInt32BE(at);
    at += 4;
    for (let left = partitions; left > 0; left -= 1) {
      const partition = bytes.readInt32BE(at);
      const code = bytes.readInt16BE(at + 4);
      if (code !== 0) errors.set(partition, new ProduceError(code, topic, partition));
      at += 30;
    }
  }
  return { errors, clientSideThrottleTime: bytes.readInt32BE(at) };
}
