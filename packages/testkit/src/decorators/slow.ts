import type { Backend, Clock, OpenOptions } from "@org/dispatch-core/contract";
import { intercept, type Verb } from "./intercept.ts";

export interface SlowOptions {
  /** How long a call takes more than without it. */
  readonly ms: number;
  /** Default: all but `open`. */
  readonly verbs?: readonly Verb[];
}

/** A broker far away: each call arrives late by half of `ms`, its answer by the other half. On the clock that `open` is given. */
export function slow(inner: Backend, options: SlowOptions): Backend {
  let clock: Clock | undefined;
  return intercept(inner, async ({ verb, args, proceed }) => {
    if (verb === "open") clock = (args[0] as OpenOptions).clock;
    if (clock === undefined || verb === "open" || options.verbs?.includes(verb) === false) return proceed();
    await passed(clock, options.ms / 2);
    const answer = await proceed();
    await passed(clock, options.ms / 2);
    return answer;
  });
}

function passed(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}
