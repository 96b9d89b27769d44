/** fastq by its promise API. */
import { promise } from "fastq";
import { type MakeSubject, noOp } from "../subject.ts";
import { type PromiseQueue, promiseQueueSubject } from "./promise-queue.ts";

/** The fastest of 1, 10, 100, 1,000 and no limit. */
const CONCURRENCY = 1_000;

export function openFastq({ paused }: { readonly paused: boolean }): PromiseQueue {
  const queue = promise<unknown, number, number>(noOp, CONCURRENCY);
  if (paused) queue.pause();
  return queue;
}

export const subject: MakeSubject = () => promiseQueueSubject(openFastq);
