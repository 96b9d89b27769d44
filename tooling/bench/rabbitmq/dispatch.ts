/** The dispatcher, with its worker in the same process. */
import { rabbitmq } from "../../../packages/backend-rabbitmq/dist/index.js";
import { Dispatcher, defineTask, Worker } from "../../../packages/core/dist/index.js";
import { countedBackend } from "../counted-backend.ts";
import { numberOf, type OpenSystem, type Payload, payloadOf } from "./system.ts";

const WINDOW_TASKS = 10_000;
const CONCURRENCY = 1_000;
/** So many sends at a time fill every batch. */
const SENDS = 2_000;

export const dispatchSystem =
  (packs: boolean): OpenSystem =>
  async ({ url, name, concurrency = CONCURRENCY }) => {
    const requests = { count: 0 };
    const inner = rabbitmq({ url, namespace: name });
    const backend = countedBackend(inner, requests);
    const task = defineTask<Payload, number>({ name: "default", handler: numberOf });
    // Bodies travel as they are, as those of the peer do.
    const bodies = { compress: "off" } as const;
    const worker = await Worker.start(backend, task, { concurrency, create: true, ...bodies });
    const dispatcher = await Dispatcher.open(backend, { create: true, packs, ...bodies });
    const unread = await Dispatcher.open(backend, { create: true, packs, queue: "unread", ...bodies });
    return {
      async run(from, count, take, { priority = 5, takesMs = 0 } = {}) {
        const options = { maxInFlight: Math.max(WINDOW_TASKS, count), priority };
        for await (const { value } of dispatcher.run(task, payloads(from, count, takesMs), options))
          take(value as number);
      },
      async fill(count) {
        for (let first = 0; first < count; first += SENDS) {
          const some = [...payloads(first, Math.min(SENDS, count - first), 0)];
          await Promise.all(some.map((payload) => unread.send(task, payload)));
        }
      },
      requests: () => requests.count,
      async close() {
        await dispatcher.close();
        await unread.close();
        await worker.stop();
        await inner.close();
      },
    };
  };

function* payloads(from: number, count: number, takesMs: number): Generator<Payload> {
  for (let n = from; n < from + count; n += 1) yield payloadOf(n, takesMs);
}
