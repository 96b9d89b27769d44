/** The dispatcher, with its worker in the same process. */
import { rabbitmq } from "../../../packages/backend-rabbitmq/dist/index.js";
import { Dispatcher, defineTask, Worker } from "../../../packages/core/dist/index.js";
import { countedBackend } from "../counted-backend.ts";
import { numberOf, type OpenSystem, type Payload, payloadOf } from "./system.ts";

const WINDOW_TASKS = 10_000;
const CONCURRENCY = 1_000;
/** So many sends that are not answered, as the peer has them. */
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
        let open = 0;
        let wake = () => {};
        for (const payload of payloads(0, count, 0)) {
          while (open >= SENDS) await new Promise<void>((resolve) => (wake = resolve));
          open += 1;
          void unread.send(task, payload).then(() => {
            open -= 1;
            wake();
          });
        }
        while (open > 0) await new Promise<void>((resolve) => (wake = resolve));
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
