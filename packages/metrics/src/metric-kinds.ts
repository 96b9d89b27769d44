import type { Buckets } from "./buckets.ts";
import { OTHER } from "./label-names.ts";
import type { QueueBooks, Status } from "./queue-books.ts";
import type { Recorder } from "./recorder.ts";
import { type Standing, standingOf } from "./standing.ts";
import type { Tally } from "./tally.ts";
import type { Ends, TaskBooks } from "./task-books.ts";

/** Labels in the order of a metric's label names, and the value. */
export type Sample<V = number> = readonly [labels: readonly string[], value: V];

interface Common {
  /** Behind the prefix. */
  readonly name: string;
  /** For people: what it counts, and who. */
  readonly help: string;
  readonly labels: readonly string[];
}

export interface Count extends Common {
  readonly kind: "counter" | "gauge";
  /** What several processes make of it together, as those of a Node cluster; default `sum`. `max`: all of them look at the same, or it is a time. */
  readonly together?: "max";
  read(recorder: Recorder, wallMs: number): Iterable<Sample>;
}

export interface Spread extends Common {
  readonly kind: "histogram";
  read(recorder: Recorder): Iterable<Sample<Buckets>>;
}

export const QUEUE = ["backend", "queue"] as const;
export const TASK = ["backend", "queue", "task"] as const;

export function* tasksOf({
  backend,
  queues,
}: Recorder): Generator<readonly [labels: readonly string[], books: TaskBooks]> {
  for (const [queue, { tasks }] of queues) for (const [task, books] of tasks) yield [[backend, queue, task], books];
}

export function standing(name: string, help: string, of: (standing: Standing) => number): Count {
  return {
    ...{ kind: "gauge", name, help, labels: QUEUE },
    *read({ backend, queues }, wallMs) {
      for (const [queue, books] of queues) yield [[backend, queue], of(standingOf(books, wallMs))];
    },
  };
}

export function said(name: string, help: string, of: (said: Status["said"]) => number): Count {
  return {
    ...{ kind: "gauge", name, help, labels: QUEUE, together: "max" },
    *read({ backend, queues }, wallMs) {
      for (const [queue, books] of queues) {
        const status = books.statusAt(wallMs);
        if (status !== undefined) yield [[backend, queue], of(status.said)];
      }
    },
  };
}

export function perQueue(name: string, help: string, of: (books: QueueBooks) => number): Count {
  return {
    ...{ kind: "counter", name, help, labels: QUEUE },
    *read({ backend, queues }) {
      for (const [queue, books] of queues) yield [[backend, queue], of(books)];
    },
  };
}

export function perQueueAnd(
  name: string,
  help: string,
  of: (books: QueueBooks) => Iterable<readonly [string, number]>,
): Count {
  return {
    ...{ kind: "counter", name, help, labels: [...QUEUE, "reason"] },
    *read({ backend, queues }) {
      for (const [queue, books] of queues)
        for (const [word, count] of of(books)) yield [[backend, queue, word || OTHER], count];
    },
  };
}

export function perTask(name: string, help: string, of: (books: TaskBooks) => number): Count {
  return {
    ...{ kind: "counter", name, help, labels: TASK },
    *read(recorder) {
      for (const [labels, books] of tasksOf(recorder)) yield [labels, of(books)];
    },
  };
}

export function perTaskAnd(
  name: string,
  help: string,
  of: (books: TaskBooks) => Tally,
  label: "reason" | "outcome" = "reason",
): Count {
  return {
    ...{ kind: "counter", name, help, labels: [...TASK, label] },
    *read(recorder) {
      for (const [labels, books] of tasksOf(recorder))
        for (const [word, count] of of(books).entries()) yield [[...labels, word], count];
    },
  };
}

export function ends(name: string, help: string, of: (books: TaskBooks) => Ends): Count {
  return {
    ...{ kind: "counter", name, help, labels: [...TASK, "outcome", "reason"] },
    *read(recorder) {
      for (const [labels, books] of tasksOf(recorder))
        for (const [outcome, reason, count] of of(books).entries()) yield [[...labels, outcome, reason], count];
    },
  };
}

export function durations(
  name: string,
  help: string,
  of: (books: TaskBooks) => Iterable<readonly [string, Buckets]>,
): Spread {
  return {
    ...{ kind: "histogram", name, help, labels: [...TASK, "outcome"] },
    *read(recorder) {
      for (const [labels, books] of tasksOf(recorder))
        for (const [outcome, buckets] of of(books)) yield [[...labels, outcome], buckets];
    },
  };
}

export function merged(...tallies: readonly Tally[]): Iterable<readonly [string, number]> {
  const all = new Map<string, number>();
  for (const tally of tallies) for (const [word, count] of tally.entries()) all.set(word, (all.get(word) ?? 0) + count);
  return all;
}
