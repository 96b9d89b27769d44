/** The dispatcher with packs. */
import { dispatchSystem } from "./dispatch.ts";

export const subject = dispatchSystem(true);
