/** How tasks travel: each form is a case of its own. */
import type { RunOptions } from "../../../packages/core/dist/index.js";

export interface Form {
  readonly name: string;
  /** What a run is told. */
  readonly options: RunOptions;
}

const WINDOW_TASKS = 10_000;

/** A frame a task. */
export const single: Form = { name: "single", options: { maxInFlight: WINDOW_TASKS, packs: false } };

/** As many to a frame as follows from how long they take: what a run does unless it is told otherwise. */
export const packs: Form = { name: "packs", options: { maxInFlight: WINDOW_TASKS, packs: true } };
