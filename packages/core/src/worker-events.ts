import { readyAt } from "./codec/frame.ts";
import type { Beat, DispatchEvent, EndCode, Frame, TracedAttempt } from "./contract/index.ts";
import type { HeldTask, Hold } from "./lease/hold.ts";
import type { Decision } from "./settle/decision.ts";

/** What every event of a task at a worker says. */
export interface About {
  readonly queue: string;
  readonly task: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly workerId: string;
  readonly trace: string | undefined;
}

/** What stands before the index in the ids of a run's tasks: made once, since its frames come in a row. */
const last = { run: "", prefix: "/" };

function taskIdOf({ run, first }: Frame): string {
  if (run !== last.run) {
    last.run = run;
    last.prefix = `${run}/`;
  }
  return `${last.prefix}${first}`;
}

export function aboutOf(frame: Frame, workerId: string): About {
  const taskId = taskIdOf(frame);
  const { task = "", headers } = frame.tasks[0] ?? {};
  return { queue: frame.queue, task, taskId, attempt: frame.attempt + 1, workerId, trace: headers?.traceparent };
}

/** What a tracer is told of an attempt. */
export function attemptOf(task: HeldTask, workerId: string): TracedAttempt {
  const headers = task.frame.tasks[0]?.headers ?? {};
  return { ...aboutOf(task.frame, workerId), headers, isHeld: () => task.isHeld };
}

const NO_PACKS: readonly number[] = Object.freeze([]);
const NO_TRACES: readonly string[] = Object.freeze([]);

/** What observers are told of a receive that brought tasks. */
export function leasedEvent(
  holds: readonly Hold[],
  queue: string,
  workerId: string,
  wallMs: number,
  waitedMs: number,
): DispatchEvent | undefined {
  let frames = 0;
  let tasks = 0;
  let oldestAt = wallMs;
  let packs: number[] | undefined;
  let traces: string[] | undefined;
  let tracestates: Map<string, string> | undefined;
  for (const { frame } of holds) {
    // A probe is nobody's task.
    if (frame.count === 0) continue;
    frames += 1;
    tasks += frame.count;
    oldestAt = Math.min(oldestAt, readyAt(frame));
    for (const { headers } of frame.tasks) {
      if (headers?.traceparent === undefined) continue;
      traces ??= [];
      traces.push(headers.traceparent);
      if (headers.tracestate === undefined) continue;
      tracestates ??= new Map();
      tracestates.set(headers.traceparent, headers.tracestate);
    }
    if (frame.count > 1) {
      packs ??= [];
      packs.push(frame.count);
    }
  }
  if (frames === 0) return undefined;
  const ageMs = wallMs - oldestAt;
  return {
    event: "frames_leased",
    queue,
    workerId,
    frames,
    tasks,
    packs: packs ?? NO_PACKS,
    ageMs,
    waitedMs,
    traces: traces ?? NO_TRACES,
    tracestates,
  };
}

/** What observers are told of a beat, at either end. */
export function beatEvent(event: "beat_sent" | "beat_received", queue: string, beat: Beat): DispatchEvent {
  const { worker, slots, busy, held } = beat;
  return { event, queue, workerId: worker, slots, busy, held: held?.length };
}

/** What observers are told when a handler begins. */
export function startedEvent(frame: Frame, lost: number, workerId: string, ageMs: number): DispatchEvent {
  const info = frame.tasks[0];
  return {
    event: "task_started",
    queue: frame.queue,
    task: info?.task ?? "",
    taskId: taskIdOf(frame),
    round: frame.round,
    attempt: frame.attempt + 1,
    workerId,
    trace: info?.headers?.traceparent,
    lost,
    ageMs,
  };
}

/** What observers are told of nearly all tasks: made without what is in between, since that would cost more than the rest. */
export function completedEvent(frame: Frame, workerId: string, durationMs: number): DispatchEvent {
  const info = frame.tasks[0];
  return {
    event: "queue_completed",
    queue: frame.queue,
    task: info?.task ?? "",
    taskId: taskIdOf(frame),
    attempt: frame.attempt + 1,
    workerId,
    trace: info?.headers?.traceparent,
    durationMs,
  };
}

/** What observers are told when the broker has agreed to a decision. */
export function settledEvent(decision: Decision, about: About, lost: number): DispatchEvent | undefined {
  switch (decision.kind) {
    case "ack":
      return undefined;
    case "release":
      return { event: "queue_requeued", ...about, reason: decision.reason, delayMs: decision.delayMs, durationMs: 0 };
    case "copy": {
      const { reason, code, delayMs, durationMs } = decision;
      return {
        event: "queue_requeued",
        ...about,
        reason,
        ...(code === undefined ? {} : { code }),
        delayMs,
        durationMs,
      };
    }
    case "end": {
      const { outcome, error, durationMs } = decision.ending;
      if (outcome === "completed") return { event: "queue_completed", ...about, durationMs };
      if (outcome === "dead") return { event: "task_dead", ...about, code: error?.code as EndCode, durationMs, lost };
      return { event: outcome === "expired" ? "task_expired" : "task_cancelled", ...about, durationMs };
    }
  }
}
