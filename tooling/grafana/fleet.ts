/** What of many processes belongs together: some say what they themselves have, others what they hear of all. */

const BY = "by (backend, queue)";

/** `or` takes what stands on one side only. */
const greater = (one: string, other: string) => `((${one} > ${other}) or ${other} or ${one})`;

/** Tasks in hand: those of the processes that have slots, together; or all of them, as whoever has none hears from the broker or by beats. */
export function tasksInHand(of: string): string {
  const own = `sum ${BY} (dispatch_inflight_cases{${of}} and dispatch_slots{${of}} > 0)`;
  return greater(`max ${BY} (dispatch_inflight_cases{${of}})`, own);
}

/** Workers: all of which a coordinator hears, or one for each process that has slots. No sum: a coordinator with slots hears of those beside it, too. */
export function activeWorkers(of: string): string {
  return greater(`max ${BY} (dispatch_active_workers{${of}})`, `count ${BY} (dispatch_slots{${of}} > 0)`);
}

/** Beats a second as coordinators receive them, and as processes without runs send them: the same ones, at either end. */
export function beats(of: string, window: string): readonly [received: string, sent: string] {
  const all = `rate(dispatch_worker_heartbeats_total{${of}}${window})`;
  const coordinators = `max_over_time(dispatch_tasks_outstanding{${of}}${window}) > 0`;
  return [`sum(${all} and ${coordinators})`, `sum(${all} unless ${coordinators})`];
}
