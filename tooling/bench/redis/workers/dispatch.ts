import { redis } from "../../../../packages/backend-redis/dist/index.js";
import { defineTask, Worker } from "../../../../packages/core/dist/index.js";
import { countedBackend } from "../../counted-backend.ts";
import { bodies } from "../dispatch.ts";
import { numberOf, type Payload } from "../subject.ts";
import { serve } from "../worker.ts";

await serve(async ({ url, name, concurrency = 1 }) => {
  const requests = { count: 0 };
  const inner = redis({ url, namespace: name });
  const task = defineTask<Payload, number>({
    name: "default",
    handler: (payload, { attempt }) => numberOf(payload, attempt),
  });
  // What fails is tried again at once, as the peers do it.
  const options = { concurrency, backoff: { baseMs: 1, maxMs: 1 }, ...bodies };
  const worker = await Worker.start(countedBackend(inner, requests), task, options);
  return {
    requests: () => requests.count,
    async stop() {
      await worker.stop();
      await inner.close();
    },
  };
});
