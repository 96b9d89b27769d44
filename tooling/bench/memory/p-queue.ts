/** p-queue. */
import PQueue from "p-queue";
import { type MakeSubject, noOp } from "../subject.ts";
import { type PromiseQueue, promiseQueueSubject } from "./promise-queue.ts";

/** The fastest of 1, 10, 100, 1,000 and no limit. */
const CONCURRENCY = 10;

export function openPQueue({ paused }: { readonly paused: boolean }): PromiseQueue {
  const queue = new PQueue({ concurrency: CONCURRENCY, autoStart: !paused });
  return { push: (payload) => queue.add(() => noOp(payload)), resume: () => void queue.start() };
}

export const subject: MakeSubject = () => promiseQueueSubject(openPQueue);
