import { redis } from "../../../../packages/backend-redis/dist/index.js";
import { defineTask, Worker } from "../../../../packages/core/dist/index.js";
import { numberOf, type Payload } from "../subject.ts";
import { serve } from "../worker.ts";

await serve(async ({ url, name }) => {
  const backend = redis({ url, namespace: name });
  const task = defineTask<Payload, number>({ name: "default", handler: numberOf });
  const worker = await Worker.start(backend, task, { concurrency: 1_000 });
  return {
    async stop() {
      await worker.stop();
      await backend.close();
    },
  };
});
