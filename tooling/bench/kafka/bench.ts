/** The Kafka backend, and kafkajs in bare loops: one process, and one broker with twelve partitions. */
import type { Bench, Series } from "../series.ts";

const module = (name: string, windowTasks = 10_000) => new URL(`${name}.ts?window=${windowTasks}`, import.meta.url);

const rounds = { full: 5, quick: 1 };

const endToEnd = (form: "single" | "packs", windowTasks: number): Series => {
  const suffix = windowTasks === 10_000 ? "" : `/window-${windowTasks}`;
  return {
    measurement: "kafka-end-to-end",
    subjects: { dispatch: module(form, windowTasks), kafkajs: module("kafkajs", windowTasks) },
    // Of fewer the first half would be spent on warm code and large packs.
    tasks: { full: form === "packs" ? 400_000 : 200_000, quick: 20_000 },
    rounds,
    figures: [
      { case: `end-to-end/${form}${suffix}`, unit: "tasks/s", value: "tasksPerSecond", better: "more" },
      {
        case: `${form === "single" ? "cpu/task" : "cpu/task/packs"}${suffix}`,
        unit: "µs",
        value: "cpuMicroseconds",
        better: "less",
      },
    ],
  };
};

export const kafkaBench: Bench = {
  name: "kafka",
  series: [
    ...[1_000, 4_000, 10_000].map((windowTasks) => endToEnd("single", windowTasks)),
    ...[1_000, 4_000, 10_000].map((windowTasks) => endToEnd("packs", windowTasks)),
    {
      measurement: "kafka-requests",
      subjects: { dispatch: module("single") },
      tasks: { full: 50_000, quick: 10_000 },
      rounds: { full: 1, quick: 1 },
      figures: [{ case: "requests/1000-tasks/single", unit: "requests", value: "perThousand" }],
    },
    {
      measurement: "kafka-requests",
      subjects: { dispatch: module("packs") },
      tasks: { full: 50_000, quick: 10_000 },
      rounds: { full: 1, quick: 1 },
      figures: [{ case: "requests/1000-tasks/packs", unit: "requests", value: "perThousand" }],
    },
    {
      measurement: "kafka-flatness",
      subjects: { dispatch: module("packs") },
      tasks: { full: 1_000_000, quick: 100_000 },
      rounds: { full: 1, quick: 1 },
      figures: [
        { case: "end-to-end/packs/million", unit: "tasks/s", value: "tasksPerSecond" },
        { case: "memory/heap-at-half", unit: "MB", value: "half" },
        { case: "memory/heap-at-end", unit: "MB", value: "end" },
      ],
    },
    {
      measurement: "kafka-idle",
      subjects: { dispatch: module("single"), kafkajs: module("kafkajs") },
      tasks: { full: 500, quick: 100 },
      rounds: { full: 3, quick: 1 },
      figures: [{ case: "latency/idle", unit: "ms", value: "p50", more: ["p50", "p95", "p99"], better: "less" }],
    },
  ],
};
