import type { AbortCode, Code, EndCode } from "./codes.ts";
import type { Progress, WorkerStatus } from "./status.ts";
import type { Outcome, ResultEntry, Summary } from "./task.ts";

/**
 * What every event of a task says. `taskId` is `run/index`; `trace`: its `traceparent`, where it has one. `durationMs`, where there is one: how long the
 * last handler ran; 0 of what ended without completing: none began, as of a task that expired unread.
 */
interface OfTask {
  readonly queue: string;
  readonly task: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly trace?: string | undefined;
}

interface OfWorker {
  readonly workerId: string;
}

/**
 * Everything that happens, as one type. The four classic events of a log are `queue_dispatched`, `queue_completed`, `queue_requeued` and
 * `heartbeat_timeout`. Names are promises; fields are only added. No event ever carries a payload, but `orphan` and `task_progress` carry values, and
 * `run_started` and `worker_started` a function that says how it stands from then on.
 */
export type DispatchEvent =
  /**
   * The broker has the task. At most once a task, and before its `task_ended`. `awaited`: a run waits for its outcome. `duplicate`: a task of the same
   * id was there already, this one was not added. `packed`: how many tasks its frame was made of; absent: of this one.
   */
  | ({
      readonly event: "queue_dispatched";
      readonly duplicate: boolean;
      readonly awaited: boolean;
      readonly packed?: number | undefined;
    } & OfTask)
  /** The broker has a pack of which some tasks are traced, before it is said of each of them. `packId`: `run/first+count`. `ageMs`: since it was made. */
  | {
      readonly event: "pack_dispatched";
      readonly queue: string;
      readonly packId: string;
      readonly tasks: number;
      readonly ageMs: number;
      readonly traces: readonly string[];
    }
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
  /**
   * A worker was granted frames, in one receive. `packs`: the tasks of each that is a pack. `ageMs`: since the oldest of them could be taken. `waitedMs`:
   * since they were asked for. `traces`: of those of the tasks that have one; `tracestates`: by their trace, of those that have that.
   */
  | {
      readonly event: "frames_leased";
      readonly queue: string;
      readonly workerId: string;
      readonly frames: number;
      readonly tasks: number;
      readonly packs: readonly number[];
      readonly ageMs: number;
      readonly waitedMs: number;
      readonly traces: readonly string[];
      readonly tracestates?: ReadonlyMap<string, string> | undefined;
    }
  /** `ageMs`: since it was first sent. `round`: how often it was sent again by its coordinator, or redriven. */
  | ({
      readonly event: "task_started";
      readonly lost: number;
      readonly ageMs: number;
      readonly round?: number | undefined;
    } & OfTask &
      OfWorker)
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
  /**
   * What a coordinator accepted: once for each task of a run. `sent`: the broker had it; not so for what ended here before. `ageMs`: since its frame
   * was made, a delay included.
   */
  | ({
      readonly event: "task_ended";
      readonly outcome: Outcome;
      readonly code?: EndCode | undefined;
      readonly durationMs: number;
      readonly lost: number;
      readonly sent: boolean;
      readonly ageMs: number;
    } & OfTask)
  /**
   * A result for a task that has its outcome already. `fenced`: it is of another line of copies than the accepted one; once their run has ended, nobody
   * knows that any more, and it is false.
   */
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
  /** A worker's sign of life: as it was sent, to one coordinator, and as that one got it. `held`: frames; absent where it is the same as before. */
  | ({
      readonly event: "beat_sent" | "beat_received";
      readonly queue: string;
      readonly slots: number;
      readonly busy: number;
      readonly held?: number | undefined;
    } & OfWorker)
  | {
      readonly event: "run_started";
      readonly queue: string;
      readonly run: string;
      readonly task: string;
      /** Until `run_finished`. */
      readonly progress: () => Progress;
    }
  | ({ readonly event: "run_finished"; readonly queue: string; readonly code?: Code | undefined } & Summary)
  | {
      readonly event: "worker_started";
      readonly queue: string;
      readonly workerId: string;
      readonly slots: number;
      /** The names of the tasks that it serves. */
      readonly tasks: readonly string[];
      /** Until `worker_stopped`. */
      readonly status: () => WorkerStatus;
    }
  | {
      readonly event: "worker_stopped";
      readonly queue: string;
      readonly workerId: string;
      readonly finished: number;
      readonly released: number;
    }
  | { readonly event: "warning"; readonly code: Code; readonly message: string }
  /** Somebody has asked what lies in a queue, in frames; all its lanes together. `oldestAgeMs`: of what is ready, where the backend lets core look. */
  | {
      readonly event: "queue_status";
      readonly queue: string;
      readonly ready: number;
      readonly leased: number;
      readonly delayed: number;
      readonly dead: number;
      readonly exact: boolean;
      readonly oldestAgeMs?: number | undefined;
    }
  /** One call of a backend's verb has ended; `code` where it failed, `again` where core tries once more. `brought`: the frames of a receive. */
  | {
      readonly event: "call";
      readonly backend: string;
      readonly verb: string;
      readonly items: number;
      readonly brought?: number | undefined;
      readonly durationMs: number;
      readonly code?: Code | undefined;
      readonly message?: string | undefined;
      readonly again?: boolean | undefined;
    };

/** Sees all that happens. Called synchronously on the hot path: it must be quick. What it throws, or rejects with, is swallowed. */
export type Observer = (event: DispatchEvent) => void;
