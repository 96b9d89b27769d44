/** bee-queue: saved in bulk, results by its events. */
import BeeQueue from "bee-queue";
import { concurrencyOf } from "./concurrency.ts";
import { connectionOf } from "./connection.ts";
import { type BrokerSubject, type Kind, type Payload, payloadOf } from "./subject.ts";

/** The best of 50, 100, 300 and 1,000: `./dev bench redis-sweep`. */
const BEST = 300;
const BULK = 500;
const WINDOW_TASKS = 10_000;

export const subject: BrokerSubject = {
  worker: new URL("workers/bee-queue.ts", import.meta.url),
  concurrency: concurrencyOf(import.meta.url, BEST),
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
    const save = async (from: number, count: number, kind?: Kind) => {
      const jobs = Array.from({ length: count }, (_, index) => {
        const job = queue.createJob(payloadOf(from + index, kind));
        return kind === "failing" ? job.retries(1) : job;
      });
      const errors = await queue.saveAll(jobs);
      if (errors.size > 0) throw [...errors.values()][0];
    };
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
          await save(from + sent, Math.min(BULK, count - sent), kind);
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
