import type { Backend, CallCode } from "@org/dispatch-core/contract";
import { intercept, type Verb } from "./intercept.ts";
import { FaultError } from "./wrap.ts";

export interface FlakyOptions {
  /** Every so many calls, one fails; default 5. */
  readonly every?: number;
  /** Before it took effect, or after it did, so that only the answer is lost; default: in turns. */
  readonly when?: "before" | "after" | "both";
  /** Which verbs; default: those that core repeats. */
  readonly verbs?: readonly Verb[];
  /** Default `UNAVAILABLE`. */
  readonly code?: CallCode;
}

const repeated: readonly Verb[] = ["open", "send", "receive", "renew", "settle", "move"];

/** A broker that fails every nth call. A receive is only ever failed before it took effect: what it brought would be lost with its answer. */
export function flaky(inner: Backend, options: FlakyOptions = {}): Backend {
  const { every = 5, when = "both", verbs = repeated, code = "UNAVAILABLE" } = options;
  let calls = 0;
  let faults = 0;
  return intercept(inner, async ({ verb, proceed }) => {
    if (!verbs.includes(verb)) return proceed();
    calls += 1;
    if (calls % every !== 0) return proceed();
    faults += 1;
    const after = verb !== "receive" && (when === "after" || (when === "both" && faults % 2 === 0));
    if (after) await proceed();
    throw new FaultError(code, `fault ${faults}: ${verb} failed ${after ? "after" : "before"} it took effect`);
  });
}
