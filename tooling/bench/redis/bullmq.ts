/** BullMQ: added in bulk, results by its events. */
import { Queue, QueueEvents } from "bullmq";
import { concurrencyOf } from "./concurrency.ts";
import { connectionOf } from "./connection.ts";
import { type BrokerSubject, type Kind, payloadOf } from "./subject.ts";

/** The best of 50, 100, 300 and 1,000: `./dev bench redis-sweep`. */
const BEST = 300;
const BULK = 500;
const WINDOW_TASKS = 10_000;

/** Tried once more where a task may fail. */
const again = (kind: Kind | undefined) => (kind === "failing" ? { opts: { attempts: 2 } } : {});

export const subject: BrokerSubject = {
  worker: new URL("workers/bullmq.ts", import.meta.url),
  concurrency: concurrencyOf(import.meta.url, BEST),
  async open({ url, name }) {
    const options = { connection: connectionOf(url) };
    const queue = new Queue(name, { ...options, defaultJobOptions: { removeOnComplete: true } });
    // Not from the end, as by default: results that came before the first read would be missed.
    const events = new QueueEvents(name, { ...options, lastEventId: "0" });
    let completed: (value: number) => void = () => {};
    events.on("completed", ({ returnvalue }) => completed(Number(returnvalue)));
    await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
    const addBulk = (from: number, count: number, kind?: Kind) =>
      queue.addBulk(
        Array.from({ length: count }, (_, index) => ({
          name: "n",
          data: payloadOf(from + index, kind),
          ...again(kind),
        })),
      );
    return {
      async run(from, count, take, kind) {
        let taken = 0;
        let room = Promise.withResolvers<void>();
        completed = (value) => {
          take(value);
          taken += 1;
          room.resolve();
        };
        for (let sent = 0; sent < count; sent += BULK) {
          while (sent - taken >= WINDOW_TASKS) await room.promise.then(() => (room = Promise.withResolvers()));
          await addBulk(from + sent, Math.min(BULK, count - sent), kind);
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
