/** The dispatcher with a frame a task, with metrics, and with traces of one task in a hundred. */
import { observing } from "../observing.ts";
import { dispatchSubject } from "./dispatch.ts";
import { single } from "./forms.ts";

export const subject = dispatchSubject(single, observing);
