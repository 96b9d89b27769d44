import type { Batch } from "../port.ts";
import type { Answer, ProtocolRequest } from "./asking.ts";
import { RecordBatch } from "./record-batch.ts";
import { ResponseError } from "./response-error.ts";

/** What the broker has refused, by the number of its partition. */
export type Refused = ReadonlyMap<number, ResponseError>;

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
): ProtocolRequest<Refused> {
  const name = Buffer.from(topic);
  const made = batches.map((batch) => ({ partition: batch.partition, batch: new RecordBatch(batch) }));
  return {
    apiKey: PRODUCE,
    apiVersion: PRODUCE_VERSION,
    apiName: "Produce",
    bytes: made.reduce((sum, { batch }) => sum + 8 + batch.bytes, 18 + name.length),
    write(into, from) {
      let at = into.writeInt16BE(-1, from);
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
    },
    read: (bytes) => read(topic, bytes),
  };
}

/** [topic: [partition, code, offset, time, start]], throttle. */
function read(topic: string, bytes: Buffer): Answer<Refused> {
  const errors = new Map<number, ResponseError>();
  let at = 4;
  for (let topics = bytes.readInt32BE(0); topics > 0; topics -= 1) {
    at += 2 + bytes.readInt16BE(at);
    const partitions = bytes.readInt32BE(at);
    at += 4;
    for (let left = partitions; left > 0; left -= 1) {
      const partition = bytes.readInt32BE(at);
      const code = bytes.readInt16BE(at + 4);
      if (code !== 0) errors.set(partition, new ResponseError(code, { topic, partition }));
      at += 30;
    }
  }
  return { answer: errors, throttleMs: bytes.readInt32BE(at) };
}
