import { dispatchSubject } from "./dispatch.ts";

/** A frame a task. */
export const subject = dispatchSubject(false);
