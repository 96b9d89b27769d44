import type { Interceptor } from "./intercept.ts";
import { FaultError } from "./wrap.ts";

export interface LostSessionOptions {
  readonly now: () => number;
  /** How long nothing is answered from the first fault on, in ms: more than a lease, so that what is held is lost. */
  readonly forMs: number;
  /** How often it happens; default once. */
  readonly times?: number;
}

/**
 * For the verbs that write: the session is lost right after a write took effect, so that its answer is lost, and with it all writes for a while. What was
 * written before its ack stands, the ack does not.
 */
export function lostSession(options: LostSessionOptions): Interceptor {
  const { now, forMs, times = 1 } = options;
  let left = times;
  let until = Number.NEGATIVE_INFINITY;
  return async ({ verb, proceed }) => {
    const gone = () => new FaultError("UNAVAILABLE", "the session is lost");
    if (now() < until) throw gone();
    if (left === 0 || verb === "renew") return proceed();
    left -= 1;
    until = now() + forMs;
    // Without a one-step move the ack is a write of its own: it never arrives.
    if (verb !== "settle") await proceed();
    throw gone();
  };
}
