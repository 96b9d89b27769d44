import type { Calls } from "./call.ts";
import type { Clock, Queue } from "./contract/index.ts";
import { within } from "./pause.ts";

export interface CreditPort {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly leaseMs: number;
}

/** A broker that pushes is told that nothing is wanted any more, and a log that its partitions are free. Ends in `boundMs`. */
export async function takeBackCredit(
  { calls, clock, leaseMs }: CreditPort,
  queues: readonly Queue[],
  boundMs: number,
): Promise<void> {
  const none = { max: 0, waitMs: 0, leaseMs };
  const { signal } = new AbortController();
  const taken = queues.map((queue) => calls.receive(queue, none, signal).catch(() => []));
  await within(clock, Promise.all(taken), boundMs);
}
