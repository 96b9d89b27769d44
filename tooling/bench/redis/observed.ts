/** The dispatcher with a frame a task, of which coordinator and worker have metrics, and traces of one task in a hundred. */
import { observing } from "../observing.ts";
import { concurrencyOf } from "./concurrency.ts";
import { dispatchSubject } from "./dispatch.ts";

export const subject = dispatchSubject(false, concurrencyOf(import.meta.url, 1_000), observing);
