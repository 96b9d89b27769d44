/** What is measured of a subject on Kafka: speed, CPU of this process, requests, and whether memory stays flat. */
import { up } from "../../services/lifecycle.ts";
import { forcedHeapBytes } from "../meters.ts";
import type { Measured } from "../series.ts";
import { quantile } from "../statistics.ts";
import { Tally } from "../tally.ts";
import type { OpenSystem, System } from "./system.ts";

const WARM_TASKS = 20_000;
/** Before time is measured: with a fifth of them the compiler was at work for half of it, on the core that the broker needs. */
const WARM_TIMED_TASKS = 100_000;
const MEGABYTE = 1_000_000;

async function within<T>(open: OpenSystem, work: (system: System) => Promise<T>): Promise<T> {
  process.env.DISPATCH_SERVICES_SET ??= "bench";
  const { url } = await up("kafka");
  const system = await open({ url, name: `bench-${process.pid}` });
  try {
    return await work(system);
  } finally {
    await system.close();
  }
}

async function checked(system: System, count: number, seen?: (taken: number) => void): Promise<void> {
  const tally = new Tally(count);
  await system.run(0, count, (value) => {
    tally.take(value);
    seen?.(tally.taken);
  });
  tally.check();
}

/** From the first send to the last result: tasks a second, and µs of CPU a task in this process. */
const endToEnd = (open: OpenSystem, count: number): Promise<Measured> =>
  within(open, async (system) => {
    await checked(system, Math.min(count, WARM_TIMED_TASKS));
    const before = process.cpuUsage();
    const begun = performance.now();
    await checked(system, count);
    const seconds = (performance.now() - begun) / 1_000;
    const { user, system: kernel } = process.cpuUsage(before);
    return { tasksPerSecond: count / seconds, cpuMicroseconds: (user + kernel) / count };
  });

const requests = (open: OpenSystem, count: number): Promise<Measured> =>
  within(open, async (system) => {
    await checked(system, WARM_TASKS);
    const before = system.requests?.() ?? 0;
    await checked(system, count);
    return { perThousand: (((system.requests?.() ?? 0) - before) / count) * 1_000 };
  });

const flatness = (open: OpenSystem, count: number): Promise<Measured> =>
  within(open, async (system) => {
    let half = 0;
    await checked(system, WARM_TASKS);
    const begun = performance.now();
    await checked(system, count, (taken) => {
      if (taken === count / 2) half = forcedHeapBytes();
    });
    const seconds = (performance.now() - begun) / 1_000;
    return { tasksPerSecond: count / seconds, half: half / MEGABYTE, end: forcedHeapBytes() / MEGABYTE };
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

export const kafkaMeasurements: Readonly<Record<string, (open: OpenSystem, count: number) => Promise<Measured>>> = {
  "kafka-end-to-end": endToEnd,
  "kafka-requests": requests,
  "kafka-flatness": flatness,
  "kafka-idle": idle,
};
