/** What is measured of a subject on SQS: speed, and requests, which are money. */
import { up } from "../../services/lifecycle.ts";
import type { Measured } from "../series.ts";
import { quantile } from "../statistics.ts";
import { Tally } from "../tally.ts";
import { requests } from "./counted-client.ts";
import type { OpenSystem, System } from "./system.ts";

const WARM_TASKS = 2_000;
/** Of a million requests to standard queues (us-east-1, https://aws.amazon.com/sqs/pricing/); a request is up to 64 KiB. */
const DOLLARS_A_MILLION = 0.4;

async function within<T>(open: OpenSystem, work: (system: System) => Promise<T>): Promise<T> {
  process.env.DISPATCH_SERVICES_SET ??= "bench-in-memory";
  process.env.DISPATCH_SQS_STORAGE = "off";
  const { url } = await up("sqs");
  const system = await open({ url, name: `bench-${process.pid}` });
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

/** From the first send to the last result: tasks a second, µs of CPU a task in this process, requests for a thousand tasks and what a million of them cost. */
function endToEnd(open: OpenSystem, count: number): Promise<Measured> {
  return within(open, async (system) => {
    await checked(system, WARM_TASKS);
    const { user, system: kernel } = process.cpuUsage();
    const before = requests.count;
    const begun = performance.now();
    await checked(system, count);
    const seconds = (performance.now() - begun) / 1_000;
    const cpu = process.cpuUsage();
    const perThousand = ((requests.count - before) / count) * 1_000;
    return {
      tasksPerSecond: count / seconds,
      cpuMicroseconds: (cpu.user + cpu.system - user - kernel) / count,
      perThousand,
      dollarsAMillion: (perThousand / 1_000) * DOLLARS_A_MILLION,
    };
  });
}

const REST_MS = 5;
const WARM_ROUNDS = 50;

/** From the send of a task to its result, with nothing else to do. */
function idle(open: OpenSystem, count: number): Promise<Measured> {
  return within(open, async (system) => {
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
}

export const sqsMeasurements: Readonly<Record<string, (open: OpenSystem, count: number) => Promise<Measured>>> = {
  "sqs-end-to-end": endToEnd,
  "sqs-idle": idle,
};
