import { dispatchSystem } from "./dispatch.ts";
import { windowOf } from "./system.ts";

/** A frame a task. */
export const subject = dispatchSystem(false, windowOf(import.meta.url));
