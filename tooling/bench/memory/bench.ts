/** The memory backend, and what one would pick instead in one process. */
import type { Bench, Series } from "../series.ts";

const module = (name: string) => new URL(`${name}.ts`, import.meta.url);

/** `fastq` and `p-queue` are given all inputs at once; behind `-window` stands a window that their user writes around them. */
const peers = { fastq: module("fastq"), "p-queue": module("p-queue") };
const windowed = { "fastq-window": module("fastq-window"), "p-queue-window": module("p-queue-window") };
const single = { dispatch: module("single") };
const packs = { dispatch: module("packs") };
const bare = { bare: module("bare") };

/** How tasks travel. Beside packs stands a frame a task, which they may never be slower than. */
const forms = [
  { form: "single", cpu: "cpu/task", ours: single, beside: {}, bare },
  {
    form: "packs",
    cpu: "cpu/task/packs",
    ours: packs,
    beside: { single: single.dispatch },
    bare: { bare: module("bare-packs") },
  },
];

const tasks = { full: 300_000, quick: 100_000 };

/** Fewer are over within a second, and the compiler's part of that is not what a task costs. */
const manyTasks = { full: 1_000_000, quick: 300_000 };

const rounds = { full: 5, quick: 3 };
const once = { full: 1, quick: 1 };

const perForm = forms.flatMap(({ form, cpu, ours, beside, bare }): Series[] => [
  {
    measurement: "end-to-end",
    subjects: { ...ours, ...beside, ...peers, ...bare, ...windowed },
    tasks: manyTasks,
    rounds,
    figures: [
      { case: `end-to-end/${form}`, unit: "tasks/s", value: "tasksPerSecond", better: "more" },
      { case: cpu, unit: "µs", value: "cpuMicroseconds", better: "less" },
    ],
  },
  {
    measurement: "requests",
    subjects: { ...ours, ...beside, ...bare },
    tasks,
    rounds: once,
    figures: [{ case: `requests/1000-tasks/${form}`, unit: "calls", value: "perThousand", better: "less" }],
  },
  {
    measurement: "flatness",
    subjects: ours,
    tasks: { full: 1_000_000, quick: 1_000_000 },
    rounds: { full: 3, quick: 1 },
    figures: [
      { case: `memory/heap-at-half/${form}`, unit: "MB", value: "half" },
      { case: `memory/heap-at-end/${form}`, unit: "MB", value: "end" },
      { case: `memory/heap-growth/${form}`, unit: "MB", value: "growth" },
      { case: `memory/resident-most/${form}`, unit: "MB", value: "resident" },
    ],
  },
]);

export const memoryBench: Bench = {
  name: "memory",
  series: [
    {
      measurement: "send",
      subjects: { ...single, ...peers, ...bare },
      tasks,
      rounds,
      figures: [{ case: "send", unit: "tasks/s", value: "tasksPerSecond", better: "more" }],
    },
    ...perForm,
    {
      measurement: "end-to-end",
      // What is left of the throughput: at least nine tenths.
      subjects: { observed: module("observed"), ...single },
      tasks: manyTasks,
      rounds,
      figures: [
        { case: "end-to-end/observed", unit: "tasks/s", value: "tasksPerSecond", better: "more" },
        { case: "cpu/task/observed", unit: "µs", value: "cpuMicroseconds", better: "less" },
      ],
    },
    {
      measurement: "idle",
      subjects: { ...packs, single: single.dispatch, ...peers, ...bare },
      tasks: { full: 2_000, quick: 500 },
      rounds,
      figures: [{ case: "latency/idle", unit: "ms", value: "p50", more: ["p50", "p95", "p99"], better: "less" }],
    },
    {
      measurement: "waiting",
      subjects: { ...single, ...peers, ...bare },
      tasks: { full: 100_000, quick: 100_000 },
      rounds: { full: 3, quick: 1 },
      figures: [{ case: "memory/waiting-task", unit: "bytes", value: "bytes", better: "less" }],
    },
  ],
};
