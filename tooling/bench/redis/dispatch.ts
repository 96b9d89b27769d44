/** The dispatcher, with a frame a task or with packs. */
import { redis } from "../../../packages/backend-redis/dist/index.js";
import { Dispatcher } from "../../../packages/core/dist/index.js";
import { type BrokerSubject, type Payload, payloadOf } from "./subject.ts";

const WINDOW_TASKS = 10_000;
/** So many sends at a time fill every batch. */
const SENDS = 2_000;

export const dispatchSubject = (packs: boolean): BrokerSubject => ({
  worker: new URL("workers/dispatch.ts", import.meta.url),
  async open({ url, name }) {
    const backend = redis({ url, namespace: name });
    const dispatcher = await Dispatcher.open(backend, { packs });
    return {
      async run(from, count, take) {
        const options = { maxInFlight: WINDOW_TASKS };
        for await (const { value } of dispatcher.run<Payload, number>("default", payloads(from, count), options))
          take(value as number);
      },
      async fill(count) {
        for (let first = 0; first < count; first += SENDS) {
          const some = [...payloads(first, Math.min(SENDS, count - first))];
          await Promise.all(some.map((payload) => dispatcher.send("default", payload)));
        }
      },
      async close() {
        await dispatcher.close();
        await backend.close();
      },
    };
  },
});

function* payloads(from: number, count: number): Generator<Payload> {
  for (let n = from; n < from + count; n += 1) yield payloadOf(n);
}
