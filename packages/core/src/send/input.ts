import type { Headers } from "../contract/index.ts";
import { KIND, kindOf } from "../errors.ts";

/** What one task may have of its own; see `SendOptions` for each. */
export interface InputOptions {
  readonly id?: string | undefined;
  readonly priority?: number | undefined;
  readonly delayMs?: number | undefined;
  readonly key?: string | undefined;
  readonly headers?: Headers | undefined;
  readonly deadlineMs?: number | undefined;
}

/** An input of a run that brings options of its own, or that is known to be unusable. Made by `input` and `invalidInput`. */
export class Input<I = unknown> {
  readonly [KIND] = "Input";
  readonly payload: I;
  readonly options: InputOptions;
  /** Why it cannot be a task; its result is then `dead` with `INPUT_INVALID`. */
  readonly invalid: string | undefined;

  constructor(payload: I, options: InputOptions, invalid: string | undefined) {
    this.payload = payload;
    this.options = options;
    this.invalid = invalid;
  }
}

/** An input with options of its own. Such as are no object, or out of range, cost this input alone: it ends as `dead` with `INPUT_INVALID`. */
export function input<I>(payload: I, options: InputOptions = {}): Input<I> {
  return new Input(payload, options, undefined);
}

/** An input that could not be read: it takes its place among the results, as `dead` with `INPUT_INVALID` and this message; the others go on. */
export function invalidInput(message: string): Input<never> {
  return new Input(undefined as never, {}, message);
}

/** Also where it was made by another copy of this package. */
export function isInput(value: unknown): value is Input {
  return kindOf(value) === "Input";
}
