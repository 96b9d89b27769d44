import { concurrencyOf } from "./concurrency.ts";
import { dispatchSubject } from "./dispatch.ts";

/** Packs, as large as they become. */
export const subject = dispatchSubject(true, concurrencyOf(import.meta.url, 1_000));
