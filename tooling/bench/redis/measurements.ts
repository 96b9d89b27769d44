/** What is measured of a subject on Redis: coordinator, worker and server are three processes. */
import { forcedHeapBytes, largestResidentBytes } from "../meters.ts";
import type { Measured } from "../series.ts";
import { quantile } from "../statistics.ts";
import { Tally } from "../tally.ts";
import type { BrokerSubject, Kind } from "./subject.ts";
import { machineMs } from "./subject.ts";
import { type System, withSystem } from "./system.ts";

/** So many tasks make the code warm. */
const WARM_TASKS = 50_000;
const MEGABYTE = 1_000_000;

async function checked({ coordinator }: System, count: number, kind: Kind = "plain", seen?: (taken: number) => void) {
  const tally = new Tally(count);
  const take = (value: number) => {
    tally.take(value);
    seen?.(tally.taken);
  };
  await coordinator.run(0, count, take, kind);
  tally.check();
}

/** From the first send to the last result: tasks a second, and µs of CPU a task of all three processes. */
const endToEnd = (kind: Kind) => (subject: BrokerSubject, count: number) =>
  withSystem(subject, 1, async (system): Promise<Measured> => {
    await checked(system, WARM_TASKS, kind);
    const cpu = await system.cpu();
    const begun = performance.now();
    await checked(system, count, kind);
    const seconds = (performance.now() - begun) / 1_000;
    return { tasksPerSecond: count / seconds, cpuMicroseconds: ((await system.cpu()) - cpu) / count };
  });

const WARM_FILLED = 30_000;
/** So long the server keeps the buffers of what it has just been sent, which are no tasks. */
const BUFFERS_MS = 2_000;

/** From the first send until all are taken in, with no worker, and what a task that waits takes of the server. */
const filling = (subject: BrokerSubject, count: number) =>
  withSystem(subject, 0, async ({ server, coordinator }): Promise<Measured> => {
    const bytes = () => new Promise((resolve) => setTimeout(resolve, BUFFERS_MS)).then(() => server.bytes());
    await coordinator.fill(WARM_FILLED);
    const before = await bytes();
    const begun = performance.now();
    await coordinator.fill(count);
    const seconds = (performance.now() - begun) / 1_000;
    return { tasksPerSecond: count / seconds, bytes: ((await bytes()) - before) / count };
  });

const REST_MS = 2;
const WARM_ROUNDS = 300;

/** From the send of a task to its handler, and to its result, with nothing else to do. */
const idle = (subject: BrokerSubject, count: number) =>
  withSystem(subject, 1, async ({ coordinator }): Promise<Measured> => {
    const begunMs: number[] = [];
    const endedMs: number[] = [];
    for (let index = 0; index < WARM_ROUNDS + count; index += 1) {
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      const sentAt = machineMs();
      let begunAt = Number.NaN;
      await coordinator.run(index, 1, (value) => (begunAt = value), "timed");
      if (!(begunAt >= sentAt)) throw new Error(`the handler says that it began at ${begunAt}, before ${sentAt}`);
      if (index < WARM_ROUNDS) continue;
      begunMs.push(begunAt - sentAt);
      endedMs.push(machineMs() - sentAt);
    }
    const at = (share: number) => quantile(begunMs, share);
    return {
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
      resultP50: quantile(endedMs, 0.5),
      resultP99: quantile(endedMs, 0.99),
    };
  });

/** Calls of the backends' verbs, of both processes together. */
const requests = (subject: BrokerSubject, count: number) =>
  withSystem(subject, 1, async (system): Promise<Measured> => {
    await checked(system, WARM_TASKS);
    const before = await system.requests();
    await checked(system, count);
    return { perThousand: (((await system.requests()) - before) / count) * 1_000 };
  });

const FLAT_WORKERS = 4;

/** With four workers: the heaps at half of a run and at its end, after a forced collection; of the workers, the one that has grown most. */
const flatness = (subject: BrokerSubject, count: number) =>
  withSystem(subject, FLAT_WORKERS, async (system): Promise<Measured> => {
    await checked(system, WARM_TASKS);
    const heaps = () => Promise.all(system.workers.map((worker) => worker.ask("heap")));
    let half = 0;
    let atHalf: Promise<number[]> = Promise.resolve([]);
    await checked(system, count, "plain", (taken) => {
      if (taken !== count / 2) return;
      half = forcedHeapBytes();
      atHalf = heaps();
    });
    const [end, halves, ends] = [forcedHeapBytes(), await atHalf, await heaps()];
    const worst = Math.max(...ends.map((bytes, index) => bytes - (halves[index] ?? 0)));
    return {
      half: half / MEGABYTE,
      end: end / MEGABYTE,
      growth: (end - half) / MEGABYTE,
      workers: worst / MEGABYTE,
      resident: largestResidentBytes() / MEGABYTE,
    };
  });

export const brokerMeasurements: Readonly<
  Record<string, (subject: BrokerSubject, count: number) => Promise<Measured>>
> = {
  "broker-end-to-end": endToEnd("plain"),
  "broker-failing": endToEnd("failing"),
  "broker-filling": filling,
  "broker-idle": idle,
  "broker-requests": requests,
  "broker-flatness": flatness,
};
