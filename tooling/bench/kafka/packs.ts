import { dispatchSystem } from "./dispatch.ts";
import { windowOf } from "./system.ts";

/** Packs, as large as they become. */
export const subject = dispatchSystem(true, windowOf(import.meta.url));
