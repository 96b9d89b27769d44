import type { Crew } from "./crew.ts";
import type { Parts } from "./parts.ts";

/** One simulation: its parts, and the workers that run on them. */
export interface Simulated extends Parts {
  readonly crew: Crew;
}
