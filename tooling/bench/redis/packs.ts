import { dispatchSubject } from "./dispatch.ts";

/** Packs, as large as they become. */
export const subject = dispatchSubject(true);
