/** The RabbitMQ backend, and amqplib in bare loops: one process, and one server with quorum queues. */
import type { Bench, Series } from "../series.ts";

const module = (name: string) => new URL(`${name}.ts`, import.meta.url);

const peers = { amqplib: module("amqplib") };
const rounds = { full: 5, quick: 1 };
const fewRounds = { full: 3, quick: 1 };
const once = { full: 1, quick: 1 };

const perForm = (form: "single" | "packs"): Series[] => {
  const ours = { dispatch: module(form) };
  return [
    {
      measurement: "rabbitmq-end-to-end",
      subjects: { ...ours, ...peers },
      // 50,000 in packs are over before packs have their size.
      tasks: { full: form === "single" ? 50_000 : 200_000, quick: 10_000 },
      rounds: form === "single" ? rounds : fewRounds,
      figures: [
        { case: `end-to-end/${form}`, unit: "tasks/s", value: "tasksPerSecond", better: "more" },
        {
          case: form === "single" ? "cpu/task" : "cpu/task/packs",
          unit: "µs",
          value: "cpuMicroseconds",
          better: "less",
        },
      ],
    },
    {
      measurement: "rabbitmq-requests",
      subjects: ours,
      tasks: { full: 20_000, quick: 5_000 },
      rounds: once,
      figures: [{ case: `requests/1000-tasks/${form}`, unit: "calls", value: "perThousand" }],
    },
  ];
};

export const rabbitmqBench: Bench = {
  name: "rabbitmq",
  series: [
    ...perForm("single"),
    ...perForm("packs"),
    {
      measurement: "rabbitmq-filling",
      subjects: { dispatch: module("single"), ...peers },
      tasks: { full: 50_000, quick: 10_000 },
      rounds: fewRounds,
      figures: [{ case: "send", unit: "tasks/s", value: "tasksPerSecond", better: "more" }],
    },
    {
      measurement: "rabbitmq-idle",
      subjects: { dispatch: module("single"), ...peers },
      tasks: { full: 500, quick: 100 },
      rounds: fewRounds,
      figures: [{ case: "latency/idle", unit: "ms", value: "p50", more: ["p50", "p95", "p99"], better: "less" }],
    },
    {
      measurement: "rabbitmq-priority",
      subjects: { dispatch: module("single") },
      tasks: { full: 10_000, quick: 10_000 },
      rounds: once,
      figures: [
        { case: "latency/high-over-backlog", unit: "ms", value: "high" },
        { case: "latency/equal-over-backlog", unit: "ms", value: "equal" },
        { case: "starts/low-under-flood", unit: "tasks", value: "lowStarts" },
      ],
    },
  ],
};
