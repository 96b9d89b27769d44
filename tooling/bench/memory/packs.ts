/** The dispatcher with its tasks in packs. */
import { dispatchSubject } from "./dispatch.ts";
import { packs } from "./forms.ts";

export const subject = dispatchSubject(packs);
