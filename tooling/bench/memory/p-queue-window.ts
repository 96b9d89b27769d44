/** p-queue, with a window around it that its user writes. */
import type { MakeSubject } from "../subject.ts";
import { openPQueue } from "./p-queue.ts";
import { promiseQueueSubject } from "./promise-queue.ts";

/** The fastest of 100, 1,000 and 10,000. */
const WINDOW_TASKS = 1_000;

export const subject: MakeSubject = () => promiseQueueSubject(openPQueue, WINDOW_TASKS);
