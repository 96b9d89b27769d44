/** The SQS backend, and the AWS client in bare loops: one process, and ElasticMQ. */
import type { Bench, Sized } from "../series.ts";

const module = (name: string) => new URL(`${name}.ts`, import.meta.url);

const peers = { sdk: module("sdk") };

const endToEnd = (form: string, ours: URL, full: number, quick: number, rounds: Sized) => ({
  measurement: "sqs-end-to-end",
  subjects: { dispatch: ours, ...peers },
  tasks: { full, quick },
  rounds,
  figures: [
    { case: `end-to-end/${form}`, unit: "tasks/s", value: "tasksPerSecond", better: "more" },
    { case: form === "single" ? "cpu/task" : `cpu/task/${form}`, unit: "µs", value: "cpuMicroseconds", better: "less" },
    { case: `requests/1000-tasks/${form}`, unit: "requests", value: "perThousand", better: "less" },
    { case: `cost/1000000-tasks/${form}`, unit: "USD", value: "dollarsAMillion", better: "less" },
  ] as const,
});

export const sqsBench: Bench = {
  name: "sqs",
  series: [
    endToEnd("single", module("single"), 6_000, 2_000, { full: 5, quick: 1 }),
    endToEnd("packs", module("packs"), 25_000, 10_000, { full: 3, quick: 1 }),
    {
      measurement: "sqs-idle",
      subjects: { dispatch: module("single"), ...peers },
      tasks: { full: 200, quick: 100 },
      rounds: { full: 3, quick: 1 },
      figures: [{ case: "latency/idle", unit: "ms", value: "p50", more: ["p50", "p95", "p99"], better: "less" }],
    },
  ],
};
