/** The Redis backend, and what one would pick instead, in three processes: coordinator, worker, server. */
import type { Bench } from "../series.ts";

const module = (name: string) => new URL(`${name}.ts`, import.meta.url);

const single = { dispatch: module("single") };
const packs = { dispatch: module("packs") };
const peers = { bullmq: module("bullmq"), "bee-queue": module("bee-queue"), bare: module("bare") };
const rounds = { full: 5, quick: 1 };

export const redisBench: Bench = {
  name: "redis",
  series: [
    {
      measurement: "broker-end-to-end",
      subjects: { ...single, ...peers },
      tasks: { full: 200_000, quick: 30_000 },
      rounds,
      figures: [
        { case: "end-to-end/single", unit: "tasks/s", value: "tasksPerSecond", better: "more" },
        { case: "cpu/task", unit: "µs", value: "cpuMicroseconds", better: "less" },
      ],
    },
    {
      measurement: "broker-end-to-end",
      subjects: { ...packs, ...peers },
      tasks: { full: 200_000, quick: 100_000 },
      rounds,
      figures: [
        { case: "end-to-end/packs", unit: "tasks/s", value: "tasksPerSecond", better: "more" },
        { case: "cpu/task/packs", unit: "µs", value: "cpuMicroseconds", better: "less" },
      ],
    },
    {
      measurement: "broker-filling",
      subjects: { ...single, ...peers },
      tasks: { full: 100_000, quick: 30_000 },
      rounds: { full: 3, quick: 1 },
      figures: [
        { case: "send", unit: "tasks/s", value: "tasksPerSecond", better: "more" },
        { case: "memory/waiting-task", unit: "bytes", value: "bytes", better: "less" },
      ],
    },
    {
      measurement: "broker-idle",
      subjects: { ...single, ...peers },
      tasks: { full: 2_000, quick: 500 },
      rounds: { full: 3, quick: 1 },
      figures: [{ case: "latency/idle", unit: "ms", value: "p50", more: ["p50", "p95", "p99"], better: "less" }],
    },
  ],
};
