import { Worker } from "bullmq";
import { connectionOf } from "../connection.ts";
import { numberOf } from "../subject.ts";
import { serve } from "../worker.ts";

/** The best of 50, 100, 300 and 1,000. */
const CONCURRENCY = 300;

await serve(async ({ url, name }) => {
  const connection = connectionOf(url);
  const worker = new Worker(name, ({ data }) => numberOf(data), { connection, concurrency: CONCURRENCY });
  await worker.waitUntilReady();
  return { stop: () => worker.close() };
});
