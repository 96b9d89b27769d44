/** The dispatcher, with a frame a task or with packs. */
import { setTimeout as sleep } from "node:timers/promises";
import { redis } from "../../../packages/backend-redis/dist/index.js";
import { type CommonOptions, Dispatcher } from "../../../packages/core/dist/index.js";
import { countedBackend } from "../counted-backend.ts";
import { type BrokerSubject, type Kind, type Payload, payloadOf } from "./subject.ts";

const WINDOW_TASKS = 10_000;
/** So many sends at a time fill every batch. */
const SENDS = 2_000;

/** Bodies travel as they are, as those of the peers do. */
export const bodies = { compress: "off" } as const;

type Observing = Pick<CommonOptions, "observer" | "tracer">;

/** `observing`: what watches its dispatcher; its worker is then watched in the same way. */
export const dispatchSubject = (packs: boolean, concurrency: number, observing?: () => Observing): BrokerSubject => ({
  worker: new URL(observing === undefined ? "workers/dispatch.ts" : "workers/observed.ts", import.meta.url),
  concurrency,
  async open({ url, name }) {
    const requests = { count: 0 };
    const inner = redis({ url, namespace: name });
    const dispatcher = await Dispatcher.open(countedBackend(inner, requests), { packs, ...bodies, ...observing?.() });
    // As large as packs of such tasks become: without a worker nobody would find out.
    const filler = await Dispatcher.open(inner, {
      packs,
      ...bodies,
      initialBatchSize: 100,
      observer: ({ event }) => {
        if (event === "queue_dispatched") taken += 1;
      },
    });
    let taken = 0;
    const waiting: { cancel(): void }[] = [];
    return {
      async run(from, count, take, kind) {
        const options = { maxInFlight: WINDOW_TASKS };
        for await (const { value } of dispatcher.run<Payload, number>("default", payloads(from, count, kind), options))
          take(value as number);
      },
      async fill(count) {
        if (packs) {
          // Nobody works on them: a run is the way to packs, and it ends with the coordinator.
          const options = { maxInFlight: count, maxInFlightBytes: 2 ** 40 };
          const until = taken + count;
          waiting.push(filler.run("default", payloads(0, count), options));
          while (taken < until) await sleep(1);
        } else
          for (let first = 0; first < count; first += SENDS) {
            const some = [...payloads(first, Math.min(SENDS, count - first))];
            await Promise.all(some.map((payload) => dispatcher.send("default", payload)));
          }
      },
      requests: () => requests.count,
      async close() {
        for (const run of waiting) run.cancel();
        await filler.close();
        await dispatcher.close();
        await inner.close();
      },
    };
  },
});

function* payloads(from: number, count: number, kind?: Kind): Generator<Payload> {
  for (let n = from; n < from + count; n += 1) yield payloadOf(n, kind);
}
