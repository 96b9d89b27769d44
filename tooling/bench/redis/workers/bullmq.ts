import { Worker } from "bullmq";
import { connectionOf } from "../connection.ts";
import { numberOf } from "../subject.ts";
import { serve } from "../worker.ts";

await serve(async ({ url, name, concurrency = 1 }) => {
  const connection = connectionOf(url);
  const worker = new Worker(name, ({ data, attemptsMade }) => numberOf(data, attemptsMade + 1), {
    connection,
    concurrency,
  });
  await worker.waitUntilReady();
  return { stop: () => worker.close() };
});
