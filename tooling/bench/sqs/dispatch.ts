/** The dispatcher, with its worker in the same process. */
import { sqs } from "../../../packages/backend-sqs/dist/index.js";
import { Dispatcher, defineTask, Worker } from "../../../packages/core/dist/index.js";
import { countedClient } from "./counted-client.ts";
import { numberOf, type OpenSystem, type Payload, payloadOf } from "./system.ts";

const WINDOW_TASKS = 10_000;
const CONCURRENCY = 500;
/** So that the end of a measurement is not the end of a poll of 20 s. */
const POLL_MS = 2_000;

export const dispatchSystem =
  (packs: boolean): OpenSystem =>
  async ({ url, name }) => {
    const [client, pollClient] = [countedClient(url), countedClient(url)];
    const backend = sqs({ namespace: name, client, pollClient, longPollingMs: POLL_MS });
    const task = defineTask<Payload, number>({ name: "default", handler: numberOf });
    const worker = await Worker.start(backend, task, { concurrency: CONCURRENCY, create: true });
    const dispatcher = await Dispatcher.open(backend, { create: true, packs });
    return {
      async run(from, count, take) {
        const options = { maxInFlight: WINDOW_TASKS };
        for await (const { value } of dispatcher.run(task, payloads(from, count), options)) take(value as number);
      },
      async close() {
        await dispatcher.close();
        await worker.stop();
        await backend.close();
        client.destroy();
        pollClient.destroy();
      },
    };
  };

function* payloads(from: number, count: number): Generator<Payload> {
  for (let n = from; n < from + count; n += 1) yield payloadOf(n);
}
