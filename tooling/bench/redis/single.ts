import { concurrencyOf } from "./concurrency.ts";
import { dispatchSubject } from "./dispatch.ts";

/** A frame a task. */
export const subject = dispatchSubject(false, concurrencyOf(import.meta.url, 1_000));
