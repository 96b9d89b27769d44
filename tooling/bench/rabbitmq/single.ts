/** The dispatcher with a frame a task. */
import { dispatchSystem } from "./dispatch.ts";

export const subject = dispatchSystem(false);
