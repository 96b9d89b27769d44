/** What is measured of a subject on Redis, in three processes. */
import type { Measured } from "../series.ts";
import { quantile } from "../statistics.ts";
import { Tally } from "../tally.ts";
import { benchServer, type Server } from "./server.ts";
import type { BrokerSubject, Coordinator } from "./subject.ts";
import { startWorker, type WorkerProcess } from "./worker.ts";

const WARM_TASKS = 30_000;

interface Bench {
  readonly server: Server;
  readonly coordinator: Coordinator;
  readonly worker: WorkerProcess | undefined;
}

async function within<T>(subject: BrokerSubject, withWorker: boolean, work: (bench: Bench) => Promise<T>): Promise<T> {
  const server = await benchServer();
  await server.clear();
  const site = { url: server.url, name: `dispatch.bench-${process.pid}` };
  const worker = withWorker ? await startWorker(subject.worker, site) : undefined;
  const coordinator = await subject.open(site);
  try {
    return await work({ server, coordinator, worker });
  } finally {
    await coordinator.close();
    await worker?.stop();
    await server.clear();
    server.close();
  }
}

async function checked({ coordinator }: Bench, count: number): Promise<void> {
  const tally = new Tally(count);
  await coordinator.run(0, count, (value) => tally.take(value));
  tally.check();
}

/** µs of all three processes. */
async function cpuOf({ server, worker }: Bench): Promise<number> {
  const { user, system } = process.cpuUsage();
  return user + system + (await server.cpu()) + ((await worker?.cpu()) ?? 0);
}

/** From the first send to the last result: tasks a second, and µs of CPU a task of all three processes. */
function endToEnd(subject: BrokerSubject, count: number): Promise<Measured> {
  return within(subject, true, async (bench) => {
    await checked(bench, WARM_TASKS);
    const cpu = await cpuOf(bench);
    const begun = performance.now();
    await checked(bench, count);
    const seconds = (performance.now() - begun) / 1_000;
    return { tasksPerSecond: count / seconds, cpuMicroseconds: ((await cpuOf(bench)) - cpu) / count };
  });
}

/** From the first send until all are taken in, with no worker, and what a task that waits takes of the server. */
function filling(subject: BrokerSubject, count: number): Promise<Measured> {
  return within(subject, false, async ({ server, coordinator }) => {
    await coordinator.fill(WARM_TASKS);
    const before = await server.bytes();
    const begun = performance.now();
    await coordinator.fill(count);
    const seconds = (performance.now() - begun) / 1_000;
    return { tasksPerSecond: count / seconds, bytes: ((await server.bytes()) - before) / count };
  });
}

const REST_MS = 2;
const WARM_ROUNDS = 300;

/** From the send of a task to its result, with nothing else to do. */
function idle(subject: BrokerSubject, count: number): Promise<Measured> {
  return within(subject, true, async ({ coordinator }) => {
    const latenciesMs: number[] = [];
    for (let index = 0; index < WARM_ROUNDS + count; index += 1) {
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      const begun = performance.now();
      await coordinator.run(index, 1, (value) => {
        if (value !== index) throw new Error(`${value} came back instead of ${index}`);
      });
      if (index >= WARM_ROUNDS) latenciesMs.push(performance.now() - begun);
    }
    const at = (share: number) => quantile(latenciesMs, share);
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  });
}

export const brokerMeasurements: Readonly<
  Record<string, (subject: BrokerSubject, count: number) => Promise<Measured>>
> = {
  "broker-end-to-end": endToEnd,
  "broker-filling": filling,
  "broker-idle": idle,
};
