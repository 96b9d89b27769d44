/** BullMQ: added in bulk, results by its events. */
import { Queue, QueueEvents } from "bullmq";
import { connectionOf } from "./connection.ts";
import { type BrokerSubject, payloadOf } from "./subject.ts";

const BULK = 500;
const WINDOW_TASKS = 10_000;

export const subject: BrokerSubject = {
  worker: new URL("workers/bullmq.ts", import.meta.url),
  async open({ url, name }) {
    const options = { connection: connectionOf(url) };
    const queue = new Queue(name, { ...options, defaultJobOptions: { removeOnComplete: true } });
    // Not from the end, as by default: results that came before the first read would be missed.
    const events = new QueueEvents(name, { ...options, lastEventId: "0" });
    let completed: (value: number) => void = () => {};
    events.on("completed", ({ returnvalue }) => completed(Number(returnvalue)));
    await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
    const addBulk = (from: number, count: number) =>
      queue.addBulk(Array.from({ length: count }, (_, index) => ({ name: "n", data: payloadOf(from + index) })));
    return {
      async run(from, count, take) {
        let taken = 0;
        let room = Promise.withResolvers<void>();
        completed = (value) => {
          take(value);
          taken += 1;
          room.resolve();
        };
        for (let sent = 0; sent < count; sent += BULK) {
          while (sent - taken >= WINDOW_TASKS) await room.promise.then(() => (room = Promise.withResolvers()));
          await addBulk(from + sent, Math.min(BULK, count - sent));
        }
        while (taken < count) await room.promise.then(() => (room = Promise.withResolvers()));
      },
      async fill(count) {
        for (let sent = 0; sent < count; sent += BULK) await addBulk(sent, Math.min(BULK, count - sent));
      },
      async close() {
        await events.close();
        await queue.close();
      },
    };
  },
};
