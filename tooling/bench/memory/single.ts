/** The dispatcher with a frame a task. */
import { dispatchSubject } from "./dispatch.ts";
import { single } from "./forms.ts";

export const subject = dispatchSubject(single);
