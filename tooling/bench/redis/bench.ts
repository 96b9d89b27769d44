/** The Redis backend, and what one would pick instead, in three processes: coordinator, worker, server. */
import type { Bench, Series } from "../series.ts";

const module = (name: string) => new URL(`${name}.ts`, import.meta.url);

const single = { dispatch: module("single") };
const packs = { dispatch: module("packs") };
const bullmq = { bullmq: module("bullmq") };
const queues = { ...bullmq, "bee-queue": module("bee-queue") };
/** `bare`: the same scripts without a dispatcher. `lists`: without any safety. */
const floors = { bare: module("bare"), lists: module("lists") };
const peers = { ...queues, ...floors };

const rounds = { full: 5, quick: 1 };
const fewRounds = { full: 3, quick: 1 };
const once = { full: 1, quick: 1 };

/** How tasks travel: a frame each, or in packs. */
const forms = [
  { form: "single", ours: single, cpu: "cpu/task" },
  { form: "packs", ours: packs, cpu: "cpu/task/packs" },
];

const perForm = forms.flatMap(({ form, ours, cpu }): Series[] => [
  {
    measurement: "broker-end-to-end",
    subjects: { ...ours, ...peers },
    tasks: { full: 200_000, quick: 50_000 },
    rounds,
    figures: [
      { case: `end-to-end/${form}`, unit: "tasks/s", value: "tasksPerSecond", better: "more" },
      { case: cpu, unit: "µs", value: "cpuMicroseconds", better: "less" },
    ],
  },
  {
    measurement: "broker-failing",
    subjects: { ...ours, ...queues },
    tasks: { full: 200_000, quick: 50_000 },
    rounds: fewRounds,
    figures: [
      { case: `end-to-end/${form}/failing`, unit: "tasks/s", value: "tasksPerSecond", better: "more" },
      { case: `${cpu}/failing`, unit: "µs", value: "cpuMicroseconds", better: "less" },
    ],
  },
  {
    measurement: "broker-filling",
    subjects: { ...ours, ...peers },
    tasks: { full: 100_000, quick: 30_000 },
    rounds: fewRounds,
    figures: [
      { case: form === "single" ? "send" : "send/packs", unit: "tasks/s", value: "tasksPerSecond", better: "more" },
      {
        case: form === "single" ? "memory/waiting-task" : "memory/waiting-task/packs",
        unit: "bytes",
        value: "bytes",
        better: "less",
      },
    ],
  },
  {
    measurement: "broker-requests",
    subjects: ours,
    tasks: { full: 200_000, quick: 50_000 },
    rounds: once,
    figures: [{ case: `requests/1000-tasks/${form}`, unit: "calls", value: "perThousand" }],
  },
  {
    measurement: "broker-flatness",
    subjects: ours,
    tasks: { full: 500_000, quick: 100_000 },
    rounds: once,
    figures: [
      { case: `memory/heap-at-half/four-workers/${form}`, unit: "MB", value: "half" },
      { case: `memory/heap-at-end/four-workers/${form}`, unit: "MB", value: "end" },
      { case: `memory/heap-growth/four-workers/${form}`, unit: "MB", value: "growth", more: ["workers"] },
      { case: `memory/resident-most/four-workers/${form}`, unit: "MB", value: "resident" },
    ],
  },
]);

export const redisBench: Bench = {
  name: "redis",
  series: [
    ...perForm,
    {
      measurement: "broker-end-to-end",
      // What is left of the throughput with metrics and traces: at least nineteen twentieths.
      subjects: { observed: module("observed"), ...single },
      // Of fewer a large part is the compiling of a tracer that is called once in a hundred tasks.
      tasks: { full: 1_000_000, quick: 50_000 },
      rounds,
      figures: [
        { case: "end-to-end/observed", unit: "tasks/s", value: "tasksPerSecond", better: "more" },
        { case: "cpu/task/observed", unit: "µs", value: "cpuMicroseconds", better: "less" },
      ],
    },
    {
      measurement: "broker-end-to-end",
      subjects: { ...packs, ...bullmq },
      tasks: { full: 1_000_000, quick: 100_000 },
      rounds: fewRounds,
      figures: [
        { case: "end-to-end/packs/million", unit: "tasks/s", value: "tasksPerSecond", better: "more" },
        { case: "cpu/task/packs/million", unit: "µs", value: "cpuMicroseconds", better: "less" },
      ],
    },
    {
      measurement: "broker-idle",
      subjects: { ...single, ...peers },
      tasks: { full: 2_000, quick: 500 },
      rounds: fewRounds,
      figures: [
        { case: "latency/idle", unit: "ms", value: "p50", more: ["p50", "p95", "p99"], better: "less" },
        { case: "latency/idle/result", unit: "ms", value: "resultP50", more: ["resultP99"], better: "less" },
      ],
    },
  ],
};

/** Which concurrency is each subject's best: what the other benchmark runs them with is found here. */
export const redisSweep: Bench = {
  name: "redis-sweep",
  series: Object.entries({ ...single, ...queues }).map(([name, { href }]) => ({
    measurement: "broker-end-to-end",
    subjects: Object.fromEntries(
      [50, 100, 300, 1_000].map((concurrency) => [
        `${name}@${concurrency}`,
        new URL(`?concurrency=${concurrency}`, href),
      ]),
    ),
    tasks: { full: 100_000, quick: 20_000 },
    rounds: fewRounds,
    figures: [{ case: `sweep/${name}`, unit: "tasks/s", value: "tasksPerSecond" }],
  })),
};
