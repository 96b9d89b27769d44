/** What is measured of a subject on RabbitMQ: speed, CPU of this process, calls, and what a priority is worth. */
import { up } from "../../services/lifecycle.ts";
import type { Measured } from "../series.ts";
import { quantile } from "../statistics.ts";
import { Tally } from "../tally.ts";
import type { OpenSystem, System } from "./system.ts";

const WARM_TASKS = 10_000;

async function within<T>(open: OpenSystem, work: (system: System) => Promise<T>, concurrency?: number): Promise<T> {
  process.env.DISPATCH_SERVICES_SET ??= "bench";
  const { url } = await up("rabbitmq");
  const site = { url, name: `bench-${process.pid}` };
  const system = await open(concurrency === undefined ? site : { ...site, concurrency });
  try {
    return await work(system);
  } finally {
    await system.close();
  }
}

async function checked(system: System, count: number): Promise<void> {
  const tally = new Tally(count);
  await system.run(0, count, (value) => tally.take(value));
  tally.check();
}

/** From the first send to the last result: tasks a second, and µs of CPU a task in this process. */
const endToEnd = (open: OpenSystem, count: number): Promise<Measured> =>
  within(open, async (system) => {
    await checked(system, WARM_TASKS);
    const before = process.cpuUsage();
    const begun = performance.now();
    await checked(system, count);
    const seconds = (performance.now() - begun) / 1_000;
    const { user, system: kernel } = process.cpuUsage(before);
    return { tasksPerSecond: count / seconds, cpuMicroseconds: (user + kernel) / count };
  });

/** Until all are confirmed, in a queue that nobody reads. */
const filling = (open: OpenSystem, count: number): Promise<Measured> =>
  within(open, async (system) => {
    await system.fill(WARM_TASKS);
    const begun = performance.now();
    await system.fill(count);
    return { tasksPerSecond: count / ((performance.now() - begun) / 1_000) };
  });

const requests = (open: OpenSystem, count: number): Promise<Measured> =>
  within(open, async (system) => {
    await checked(system, WARM_TASKS);
    const before = system.requests?.() ?? 0;
    await checked(system, count);
    return { perThousand: (((system.requests?.() ?? 0) - before) / count) * 1_000 };
  });

const REST_MS = 5;
const WARM_ROUNDS = 50;

/** From the send of a task to its result, with nothing else to do. */
const idle = (open: OpenSystem, count: number): Promise<Measured> =>
  within(open, async (system) => {
    const latenciesMs: number[] = [];
    for (let index = 0; index < WARM_ROUNDS + count; index += 1) {
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      const begun = performance.now();
      await system.run(index, 1, (value) => {
        if (value !== index) throw new Error(`${value} came back instead of ${index}`);
      });
      if (index >= WARM_ROUNDS) latenciesMs.push(performance.now() - begun);
    }
    const at = (share: number) => quantile(latenciesMs, share);
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  });

const CONCURRENCY = 10;
const TAKES_MS = 2;
const PROBES = 10;

/**
 * Behind `count` tasks of priority 0, each of which takes a while: how long a task of priority 10 takes, and one of priority 0; and how many tasks of priority 0
 * are done while 1,000 of priority 10 are.
 */
const priority = (open: OpenSystem, count: number): Promise<Measured> =>
  within(
    open,
    async (system) => {
      const begun = performance.now();
      let low = 0;
      const backlog = system.run(0, count, () => (low += 1), { priority: 0, takesMs: TAKES_MS });
      const equal = system
        .run(count, 1, () => {}, { priority: 0, takesMs: TAKES_MS })
        .then(() => performance.now() - begun);
      while (low < count / 20) await new Promise((resolve) => setTimeout(resolve, 10));
      const highMs: number[] = [];
      for (let probe = 0; probe < PROBES; probe += 1) {
        const sentAt = performance.now();
        await system.run(count + 1 + probe, 1, () => {}, { priority: 10, takesMs: TAKES_MS });
        highMs.push(performance.now() - sentAt);
      }
      const before = low;
      await system.run(0, 1_000, () => {}, { priority: 10, takesMs: TAKES_MS });
      const lowStarts = low - before;
      await backlog;
      return { high: quantile(highMs, 0.5), equal: await equal, lowStarts };
    },
    CONCURRENCY,
  );

export const rabbitmqMeasurements: Readonly<Record<string, (open: OpenSystem, count: number) => Promise<Measured>>> = {
  "rabbitmq-end-to-end": endToEnd,
  "rabbitmq-filling": filling,
  "rabbitmq-requests": requests,
  "rabbitmq-idle": idle,
  "rabbitmq-priority": priority,
};
