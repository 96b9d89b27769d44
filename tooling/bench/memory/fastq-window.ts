/** fastq, with a window around it that its user writes: so it never holds more than the youngest part of the heap. */
import type { MakeSubject } from "../subject.ts";
import { openFastq } from "./fastq.ts";
import { promiseQueueSubject } from "./promise-queue.ts";

/** The fastest of 100, 1,000 and 10,000. */
const WINDOW_TASKS = 1_000;

export const subject: MakeSubject = () => promiseQueueSubject(openFastq, WINDOW_TASKS);
