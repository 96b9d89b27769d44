import type { DispatchEvent, EndCode, Frame } from "./contract/index.ts";
import type { Decision } from "./settle/decision.ts";

/** What every event of a task at a worker says. */
export interface About {
  readonly queue: string;
  readonly task: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly workerId: string;
}

export function aboutOf(frame: Frame, workerId: string): About {
  const taskId = `${frame.run}/${frame.first}`;
  return { queue: frame.queue, task: frame.tasks[0]?.task ?? "", taskId, attempt: frame.attempt + 1, workerId };
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
