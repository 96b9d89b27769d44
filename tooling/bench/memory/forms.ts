/** How tasks travel: each form is a case of its own. */
import type { RunOptions } from "../../../packages/core/dist/index.js";

export interface Form {
  readonly name: string;
  /** What a run is told. */
  readonly options: RunOptions;
}

/** A frame a task. */
export const single: Form = { name: "single", options: { maxInFlight: 10_000 } };
