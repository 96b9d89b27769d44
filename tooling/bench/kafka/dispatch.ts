/** The dispatcher, with its worker in the same process. */
import { connect } from "node:net";
import { kafka } from "../../../packages/backend-kafka/dist/index.js";
import { Dispatcher, defineTask, Worker } from "../../../packages/core/dist/index.js";
import { numberOf, type OpenSystem, PARTITIONS, type Payload, payloadOf } from "./system.ts";

/** The best of 500, 1,000, 2,000 and 4,000: what is in hand is what the collector copies, and with less of it packs come in smaller groups. */
const CONCURRENCY = 2000;

export const dispatchSystem =
  (packs: boolean, windowTasks: number): OpenSystem =>
  async ({ url, name }) => {
    let requests = 0;
    const socketFactory = ({ host, port, onConnect }: { host: string; port: number; onConnect: () => void }) => {
      const socket = connect({ host, port, noDelay: true }, onConnect);
      const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
      // kafkajs writes a request at a time.
      socket.write = (...args: unknown[]) => {
        requests += 1;
        return write(...args);
      };
      return socket;
    };
    const backend = kafka({ url, namespace: name, partitions: PARTITIONS, connection: { socketFactory } });
    const task = defineTask<Payload, number>({ name: "default", handler: numberOf });
    // Bodies travel as they are, as those of the peer do.
    const bodies = { compress: "off" } as const;
    const worker = await Worker.start(backend, task, { concurrency: CONCURRENCY, create: true, ...bodies });
    const dispatcher = await Dispatcher.open(backend, { create: true, packs, ...bodies });
    return {
      async run(from, count, take) {
        const options = { maxInFlight: windowTasks };
        for await (const { value } of dispatcher.run(task, payloads(from, count), options)) take(value as number);
      },
      requests: () => requests,
      async close() {
        await dispatcher.close();
        await worker.stop();
        await backend.close();
      },
    };
  };

function* payloads(from: number, count: number): Generator<Payload> {
  for (let n = from; n < from + count; n += 1) yield payloadOf(n);
}
