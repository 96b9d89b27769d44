import BeeQueue from "bee-queue";
import { connectionOf } from "../connection.ts";
import { numberOf, type Payload } from "../subject.ts";
import { serve } from "../worker.ts";

await serve(async ({ url, name, concurrency = 1 }) => {
  const options = { redis: connectionOf(url), getEvents: false, storeJobs: false, removeOnSuccess: true };
  const queue = new BeeQueue<Payload>(name, options);
  await queue.ready();
  queue.process(concurrency, ({ data, options }) => numberOf(data, options.retries === 0 ? 2 : 1));
  return { stop: () => queue.close() };
});
