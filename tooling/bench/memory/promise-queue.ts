/** A queue of this process whose `push` promises the result, as a subject. */
import type { Subject, Take } from "../subject.ts";

/** The parts of fastq and p-queue that are used. */
export interface PromiseQueue {
  push(payload: number): Promise<number>;
  /** Begins to run what was pushed; a queue that is opened with `paused` waits for it. */
  resume(): void;
}

/**
 * `windowTasks`: no more than so many are pushed and not answered yet. Without it all of them are pushed first, as one does with a queue: it is there to
 * hold what is too much to run at once.
 */
export function promiseQueueSubject(
  open: (options: { readonly paused: boolean }) => PromiseQueue,
  windowTasks = Number.POSITIVE_INFINITY,
): Subject {
  return {
    async endToEnd(count, take) {
      const queue = open({ paused: false });
      for (let first = 0; first < count; first += windowTasks)
        await takeAll(pushed(queue, first, Math.min(count, first + windowTasks)), take);
    },

    async fill(count) {
      const queue = open({ paused: true });
      const promises = pushed(queue, 0, count);
      return {
        drain: (take) => {
          queue.resume();
          return takeAll(promises, take);
        },
      };
    },

    async idle() {
      const queue = open({ paused: false });
      return { one: (payload) => queue.push(payload), close: async () => {} };
    },
  };
}

function pushed(queue: PromiseQueue, from: number, to: number): Promise<number>[] {
  const promises: Promise<number>[] = [];
  for (let payload = from; payload < to; payload += 1) promises.push(queue.push(payload));
  return promises;
}

/** One after the other: with `Promise.all` both queues were slower. */
async function takeAll(promises: readonly Promise<number>[], take: Take): Promise<void> {
  for (const promise of promises) take(await promise);
}
