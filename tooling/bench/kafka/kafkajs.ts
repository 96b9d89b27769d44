/**
 * What one would write with kafkajs alone: batches of records, results that are acknowledged before the commit, and a consumer that reads them. Nothing is
 * completed out of order, leased, tried again or checked.
 */
import { Kafka, logLevel } from "kafkajs";
import { numberOf, type OpenSystem, PARTITIONS, type Payload, payloadOf, windowOf } from "./system.ts";

/** The best of 100, 500 and 1,000. */
const BATCH = 500;
const windowTasks = windowOf(import.meta.url);

export const subject: OpenSystem = async ({ url, name }) => {
  const client = new Kafka({ brokers: url.replace("kafka://", "").split(","), logLevel: logLevel.NOTHING });
  const [work, reply] = [name, `${name}-reply`];
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [work, reply].map((topic) => ({ topic, numPartitions: PARTITIONS })) });
  await admin.disconnect();
  let turn = 0;
  const createPartitioner = () => () => (turn = (turn + 1) % PARTITIONS);
  const [tasks, results] = [client.producer({ createPartitioner }), client.producer({ createPartitioner })];
  const reader = { sessionTimeout: 10_000, heartbeatInterval: 1_000, maxWaitTimeInMs: 200 };
  const worker = client.consumer({ groupId: work, ...reader });
  const collector = client.consumer({ groupId: reply, ...reader });
  await Promise.all([tasks, results, worker, collector].map((one) => one.connect()));
  let read: (value: number) => void = () => {};

  await worker.subscribe({ topic: work, fromBeginning: true });
  await worker.run({
    autoCommit: false,
    partitionsConsumedConcurrently: PARTITIONS,
    async eachBatch({ batch: { topic, partition, messages } }) {
      const values = await Promise.all(messages.map(({ value }) => numberOf(JSON.parse(String(value)) as Payload)));
      await results.send({ topic: reply, acks: -1, messages: values.map((value) => ({ value: String(value) })) });
      const last = Number(messages.at(-1)?.offset ?? -1);
      await worker.commitOffsets([{ topic, partition, offset: String(last + 1) }]);
    },
  });
  await collector.subscribe({ topic: reply, fromBeginning: true });
  await collector.run({
    autoCommit: false,
    partitionsConsumedConcurrently: PARTITIONS,
    async eachBatch({ batch }) {
      for (const { value } of batch.messages) read(Number(value));
    },
  });

  return {
    async run(from, count, take) {
      let taken = 0;
      let room = Promise.withResolvers<void>();
      read = (value) => {
        take(value);
        taken += 1;
        room.resolve();
      };
      const sending: Promise<unknown>[] = [];
      for (let sent = 0; sent < count; ) {
        const size = Math.min(BATCH, count - sent, windowTasks);
        while (sent + size - taken > windowTasks) await room.promise.then(() => (room = Promise.withResolvers()));
        const messages = Array.from({ length: size }, (_, index) => ({
          value: JSON.stringify(payloadOf(from + sent + index)),
        }));
        sending.push(tasks.send({ topic: work, acks: -1, messages }));
        sent += size;
      }
      await Promise.all(sending);
      while (taken < count) await room.promise.then(() => (room = Promise.withResolvers()));
    },
    async close() {
      await Promise.all([tasks, results, worker, collector].map((one) => one.disconnect()));
    },
  };
};
