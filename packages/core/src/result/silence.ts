import type { KeptFrame } from "./kept-frame.ts";

/** What is known about a queue when its silent tasks are looked at. */
export interface Evidence {
  readonly now: number;
  /** Time since the last look. */
  readonly elapsedMs: number;
  /** Has the reply queue been read empty since the last look? */
  readonly repliesRead: boolean;
  /** Per band: the latest `readyAt` of a task, or of a probe, that has been handed out. */
  readonly passed: readonly number[];
  /** Where later tasks may overtake earlier ones: does the broker say that nothing is ready? True where they may not. */
  readonly queueEmpty: boolean;
  /** How long a frame may stay with a holder who is gone: from its last beat, or from when it may have been handed out, to its place in the queue. */
  readonly goneMs: number;
  readonly resendAfterMs: number;
  readonly maxResends: number;
}

/**
 * `wait`: nothing speaks against it being in good hands. `probe`: it is silent, and nothing behind it has come back that would show that it should have,
 * so something has to be sent behind it. `resend`, or `vanished` when that was done often enough.
 */
export type Suspicion = "wait" | "probe" | "resend" | "vanished";

/** It is in nobody's hand and will be ready at `readyAt`: whatever was known before says nothing of that. */
export function reschedule(task: KeptFrame, readyAt: number): void {
  task.readyAt = readyAt;
  task.backAt = 0;
  task.isOvertaken = false;
  task.silentMs = 0;
}

/**
 * Counts the silence of one task. Silence is what no beat, no schedule and no backlog explains. What a holder had in hand who is gone is in the hands of
 * the lease, and then behind what was ready before that ended: it is due only by then, and only what comes after that shows that it should have come.
 * Whoever had it may have gone without a word: so it is, too, from when it was overtaken first.
 */
export function listen(task: KeptFrame, evidence: Evidence): Suspicion {
  const { now, elapsedMs, repliesRead, passed, queueEmpty } = evidence;
  const passedAt = passed[task.way.band] ?? Number.NEGATIVE_INFINITY;
  if (!task.sent || task.readyAt > now || task.heldUntil > now) {
    task.silentMs = 0;
    task.isOvertaken = false;
    return "wait";
  }
  if (!repliesRead || !queueEmpty) return "wait";
  if (!task.isOvertaken) {
    if (task.backAt > now) return "wait";
    if (passedAt <= Math.max(task.readyAt, task.backAt)) return "probe";
    task.isOvertaken = true;
    task.backAt = now + evidence.goneMs;
  }
  task.silentMs += elapsedMs;
  if (task.backAt > now) return "wait";
  if (passedAt <= task.backAt) return "probe";
  if (task.silentMs < evidence.resendAfterMs) return "wait";
  return task.resends < evidence.maxResends ? "resend" : "vanished";
}
