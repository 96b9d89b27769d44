import type { AbortCode, Code, EndCode } from "./codes.ts";
import type { Outcome, ResultEntry, Summary } from "./task.ts";

/** What every event of a task says. `taskId` is `run/index`. */
interface OfTask {
  readonly queue: string;
  readonly task: string;
  readonly taskId: string;
  readonly attempt: number;
}

interface OfWorker {
  readonly workerId: string;
}

/**
 * Everything that happens, as one type. The four classic events of a log are `queue_dispatched`, `queue_completed`, `queue_requeued` and
 * `heartbeat_timeout`. Names are promises; fields are only added. No event ever carries a payload, but `orphan` and `task_progress` carry values.
 */
export type DispatchEvent =
  /** The broker has the task. */
  | ({ readonly event: "queue_dispatched"; readonly duplicate: boolean } & OfTask)
  /** A worker has settled a task as completed. */
  | ({ readonly event: "queue_completed"; readonly durationMs: number } & OfTask & OfWorker)
  /** A task goes back: as a copy (`failed`, `timed_out`, `shutdown`; `lost`: a copy that says so, before it is run again; `split`: out of its pack), or by itself (`released`). */
  | ({
      readonly event: "queue_requeued";
      readonly reason: "failed" | "timed_out" | "shutdown" | "released" | "last_chance" | "lost" | "split";
      readonly code?: string | undefined;
      readonly delayMs: number;
      readonly durationMs: number;
    } & OfTask &
      OfWorker)
  /** A worker that held tasks of this coordinator has gone silent. */
  | {
      readonly event: "heartbeat_timeout";
      readonly queue: string;
      readonly workerId: string;
      readonly silentMs: number;
      readonly held: number;
    }
  | ({ readonly event: "task_started"; readonly lost: number } & OfTask & OfWorker)
  | ({ readonly event: "task_timed_out"; readonly durationMs: number } & OfTask & OfWorker)
  | ({
      readonly event: "task_dead";
      readonly code: EndCode;
      readonly durationMs: number;
      readonly lost: number;
    } & OfTask &
      OfWorker)
  | ({ readonly event: "task_expired"; readonly durationMs: number } & OfTask & OfWorker)
  | ({ readonly event: "task_cancelled"; readonly durationMs: number } & OfTask & OfWorker)
  | ({ readonly event: "task_progress"; readonly value: unknown } & Omit<OfTask, "attempt" | "task"> & OfWorker)
  /** A grant ended without a settlement by its holder; nothing that it still returns is written. */
  | ({ readonly event: "lease_lost"; readonly reason: "expired" | "fenced" } & OfTask & OfWorker)
  /** The handler did not return within `abandonMs` of its abort; its slot was given on. */
  | ({ readonly event: "slot_abandoned"; readonly code: AbortCode } & OfTask & OfWorker)
  /** A result whose coordinator is gone for good; the task was acked all the same. */
  | ({ readonly event: "undeliverable"; readonly outcome: Outcome } & OfTask & OfWorker)
  /** A frame that is not ours, or damaged. */
  | {
      readonly event: "frame_rejected";
      readonly queue: string;
      readonly code: Code;
      readonly detail: string;
      readonly bytes: number;
    }
  /** What a coordinator accepted: once for each task of a run. */
  | ({
      readonly event: "task_ended";
      readonly outcome: Outcome;
      readonly code?: EndCode | undefined;
      readonly durationMs: number;
    } & OfTask)
  /** A result for a task that has its outcome already. */
  | {
      readonly event: "result_duplicate";
      readonly queue: string;
      readonly taskId: string;
      readonly outcome: Outcome;
      readonly fenced: boolean;
    }
  /** A result of a run that an earlier coordinator of this id began. */
  | { readonly event: "orphan"; readonly queue: string; readonly taskId: string; readonly result: ResultEntry }
  | { readonly event: "task_resent"; readonly queue: string; readonly taskId: string; readonly round: number }
  | { readonly event: "run_started"; readonly queue: string; readonly run: string; readonly task: string }
  | ({ readonly event: "run_finished"; readonly queue: string; readonly code?: Code | undefined } & Summary)
  | { readonly event: "worker_started"; readonly queue: string; readonly workerId: string; readonly slots: number }
  | {
      readonly event: "worker_stopped";
      readonly queue: string;
      readonly workerId: string;
      readonly finished: number;
      readonly released: number;
    }
  | { readonly event: "warning"; readonly code: Code; readonly message: string }
  /** One call of a backend's verb has ended; `code` where it failed, `again` where core tries once more. */
  | {
      readonly event: "call";
      readonly backend: string;
      readonly verb: string;
      readonly items: number;
      readonly durationMs: number;
      readonly code?: Code | undefined;
      readonly message?: string | undefined;
      readonly again?: boolean | undefined;
    };

/** Sees all that happens. Called synchronously on the hot path: it must be quick. What it throws is swallowed. */
export type Observer = (event: DispatchEvent) => void;
