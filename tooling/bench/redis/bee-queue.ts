/** bee-queue: saved in bulk, results by its events. */
import BeeQueue from "bee-queue";
import { connectionOf } from "./connection.ts";
import { type BrokerSubject, type Payload, payloadOf } from "./subject.ts";

const BULK = 500;
const WINDOW_TASKS = 10_000;

export const subject: BrokerSubject = {
  worker: new URL("workers/bee-queue.ts", import.meta.url),
  async open({ url, name }) {
    const options = {
      redis: connectionOf(url),
      isWorker: false,
      storeJobs: false,
      sendEvents: false,
      removeOnSuccess: true,
    };
    const queue = new BeeQueue<Payload>(name, { ...options, getEvents: true });
    await queue.ready();
    let completed: (value: number) => void = () => {};
    queue.on("job succeeded", (_, result: number) => completed(result));
    const save = async (from: number, count: number) => {
      const jobs = Array.from({ length: count }, (_, index) => queue.createJob(payloadOf(from + index)));
      const errors = await queue.saveAll(jobs);
      if (errors.size > 0) throw [...errors.values()][0];
    };
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
          await save(from + sent, Math.min(BULK, count - sent));
        }
        while (taken < count) await room.promise.then(() => (room = Promise.withResolvers()));
      },
      async fill(count) {
        for (let sent = 0; sent < count; sent += BULK) await save(sent, Math.min(BULK, count - sent));
      },
      close: () => queue.close(),
    };
  },
};
