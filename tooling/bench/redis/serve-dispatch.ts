/** The dispatcher's worker, in a process of its own. */
import { redis } from "../../../packages/backend-redis/dist/index.js";
import { defineTask, Worker, type WorkerOptions } from "../../../packages/core/dist/index.js";
import { countedBackend } from "../counted-backend.ts";
import { bodies } from "./dispatch.ts";
import { numberOf, type Payload } from "./subject.ts";
import { serve } from "./worker.ts";

/** `more`: what it has beside the usual options. */
export function serveDispatch(more: WorkerOptions = {}): Promise<void> {
  return serve(async ({ url, name, concurrency = 1 }) => {
    const requests = { count: 0 };
    const inner = redis({ url, namespace: name });
    const task = defineTask<Payload, number>({
      name: "default",
      handler: (payload, { attempt }) => numberOf(payload, attempt),
    });
    // What fails is tried again at once, as the peers do it.
    const options = { concurrency, backoff: { baseMs: 1, maxMs: 1 }, ...bodies, ...more };
    const worker = await Worker.start(countedBackend(inner, requests), task, options);
    return {
      requests: () => requests.count,
      async stop() {
        await worker.stop();
        await inner.close();
      },
    };
  });
}
