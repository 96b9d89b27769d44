import BeeQueue from "bee-queue";
import { connectionOf } from "../connection.ts";
import { numberOf, type Payload } from "../subject.ts";
import { serve } from "../worker.ts";

/** The best of 50, 100, 300 and 1,000. */
const CONCURRENCY = 300;

await serve(async ({ url, name }) => {
  const options = { redis: connectionOf(url), getEvents: false, storeJobs: false, removeOnSuccess: true };
  const queue = new BeeQueue<Payload>(name, options);
  await queue.ready();
  queue.process(CONCURRENCY, ({ data }) => numberOf(data));
  return { stop: () => queue.close() };
});
