import {
  type Count,
  durations,
  ends,
  merged,
  perQueue,
  perQueueAnd,
  perTask,
  perTaskAnd,
  QUEUE,
  type Spread,
  said,
  standing,
  TASK,
  tasksOf,
} from "./metric-kinds.ts";
import { standingOf } from "./standing.ts";

/** Every metric of a backend, in the order in which docs/observability.md has them; the first nine are the classic ones. */
export const catalogue: readonly (Count | Spread)[] = Object.freeze([
  {
    ...standing(
      "queue_pending_tasks",
      "Tasks that wait: by the broker's last answer, else sent by runs of this process and in nobody's hands.",
      ({ pending }) => pending,
    ),
    together: "max",
  },
  standing(
    "inflight_cases",
    "Tasks in hand: of this process's workers, else of all workers as far as the broker or their beats tell.",
    ({ inFlight }) => inFlight,
  ),
  standing(
    "active_workers",
    "Workers that have tasks of this process's runs in hand, or brought their results within a lease; at least its own workers.",
    ({ activeWorkers }) => activeWorkers,
  ),
  perTask(
    "cases_dispatched_total",
    "Tasks that this process has sent and the broker has taken.",
    ({ dispatched }) => dispatched,
  ),
  perTask(
    "cases_completed_total",
    "Tasks of this process's runs that have ended as completed.",
    ({ ended }) => ended.completed,
  ),
  perTaskAnd(
    "cases_requeued_total",
    "Tasks that workers of this process have given back or sent again, by reason.",
    ({ requeued }) => requeued,
  ),
  perQueue(
    "worker_heartbeats_total",
    "Beats of workers that this process has received, and those that its own have sent while it had no run.",
    ({ beats }) => beats,
  ),
  perTask(
    "timeout_failures_total",
    "Attempts at workers of this process that ran into their timeout.",
    ({ timedOut }) => timedOut,
  ),
  perQueueAnd(
    "serialization_errors_total",
    "Frames that could not be read, and inputs of which no frame could be made, by code.",
    ({ rejected, refusedInputs }) => merged(rejected, refusedInputs),
  ),

  perTask(
    "tasks_unawaited_total",
    "Of the dispatched tasks, those without a run: nobody here waits for their outcome.",
    ({ unawaited }) => unawaited,
  ),
  standing(
    "tasks_outstanding",
    "Tasks of this process's runs that have no outcome yet.",
    ({ outstanding }) => outstanding,
  ),
  ends(
    "tasks_ended_total",
    "Outcomes that runs of this process have accepted, of tasks that the broker had, by outcome and code.",
    ({ ended }) => ended,
  ),
  ends(
    "tasks_unsent_total",
    "Outcomes of inputs that ended before the broker had them, by outcome and code.",
    ({ unsent }) => unsent,
  ),
  perTask(
    "tasks_retried_total",
    "Attempts beyond the first, of the outcomes that runs of this process have accepted.",
    ({ retried }) => retried,
  ),
  perTask(
    "tasks_lost_total",
    "Crashed holders and expired leases, of the outcomes that runs of this process have accepted.",
    ({ lost }) => lost,
  ),
  perQueue(
    "tasks_resent_total",
    "Tasks that this process has sent again, because the broker had lost them.",
    ({ resent }) => resent,
  ),
  perQueue(
    "results_duplicate_total",
    "Results of tasks that had their outcome already, of the accepted line of copies.",
    ({ duplicates }) => duplicates,
  ),
  perQueue(
    "results_fenced_total",
    "Results of tasks that had their outcome already, of another line of copies than the accepted one.",
    ({ fenced }) => fenced,
  ),
  perQueue(
    "results_orphaned_total",
    "Results of runs that an earlier process began under this coordinator's id.",
    ({ orphans }) => orphans,
  ),
  perQueue(
    "workers_silent_total",
    "Workers that held tasks of this process's runs and were not heard of for the heartbeat's timeout.",
    ({ silentWorkers }) => silentWorkers,
  ),
  durations(
    "task_end_to_end_seconds",
    "From when a run has read an input to its accepted outcome, a delay included.",
    ({ endToEnd }) => endToEnd.entries(),
  ),

  perQueue("tasks_leased_total", "Tasks that workers of this process were granted.", ({ leasedTasks }) => leasedTasks),
  perQueue(
    "frames_leased_total",
    "Frames that workers of this process were granted; a pack is one.",
    ({ leasedFrames }) => leasedFrames,
  ),
  perTask("tasks_started_total", "Handlers that workers of this process have begun.", ({ started }) => started),
  ends(
    "tasks_settled_total",
    "Tasks that ended at workers of this process, as the broker has agreed to, by outcome and code.",
    ({ settled }) => settled,
  ),
  perTaskAnd(
    "tasks_failed_total",
    "Attempts at workers of this process that failed or timed out, the last ones included.",
    ({ failed }) => failed,
  ),
  perTaskAnd(
    "leases_lost_total",
    "Leases that ended under workers of this process before they had settled: expired or fenced.",
    ({ leasesLost }) => leasesLost,
  ),
  perTaskAnd(
    "slots_abandoned_total",
    "Handlers that did not return after their abort, by its code; their slots were given on.",
    ({ abandoned }) => abandoned,
  ),
  perTaskAnd(
    "results_undeliverable_total",
    "Results at workers of this process whose coordinator is gone, by outcome.",
    ({ undeliverable }) => undeliverable,
    "outcome",
  ),
  perQueueAnd("frames_rejected_total", "Frames that are not ours, or damaged, by code.", ({ rejected }) =>
    rejected.entries(),
  ),
  standing("slots", "Slots of this process's workers.", ({ slots }) => slots),
  standing("slots_busy", "Slots of this process's workers that a handler has.", ({ busySlots }) => busySlots),
  {
    kind: "histogram",
    name: "pack_tasks",
    help: "Tasks in each frame that workers of this process were granted.",
    labels: QUEUE,
    *read({ backend, queues }) {
      for (const [queue, { packs }] of queues) if (packs.count > 0) yield [[backend, queue], packs];
    },
  } satisfies Spread,
  {
    kind: "histogram",
    name: "task_wait_seconds",
    help: "From when a task was first sent to the begin of its first attempt, a delay included; not of what was lost, sent again or redriven. What a shutdown has ended counts again.",
    labels: TASK,
    *read(recorder) {
      for (const [labels, { wait }] of tasksOf(recorder)) if (wait.count > 0) yield [labels, wait];
    },
  } satisfies Spread,
  durations(
    "task_process_seconds",
    "Runs of handlers of the tasks that ended at workers of this process, by outcome.",
    ({ process }) => process.entries(),
  ),

  said("queue_ready_frames", "Frames that are ready, by the broker's last answer.", ({ ready }) => ready),
  said("queue_leased_frames", "Frames that are leased, by the broker's last answer.", ({ leased }) => leased),
  said(
    "queue_delayed_frames",
    "Frames whose time has not come, by the broker's last answer.",
    ({ delayed }) => delayed,
  ),
  said("queue_dead_frames", "Dead letters, by the broker's last answer.", ({ dead }) => dead),
  {
    kind: "gauge",
    together: "max",
    name: "queue_oldest_task_age_seconds",
    help: "Since the oldest task that is ready could be taken; where the broker does not let us look, estimated from the last grant.",
    labels: QUEUE,
    *read(recorder, wallMs) {
      for (const [queue, books] of recorder.queues) {
        const { oldestAgeMs } = standingOf(books, wallMs);
        if (oldestAgeMs !== undefined) yield [[recorder.backend, queue], oldestAgeMs / 1_000];
      }
    },
  } satisfies Count,
  {
    kind: "gauge",
    together: "max",
    name: "last_grant_timestamp_seconds",
    help: "When a worker of this process was last granted something; Unix time.",
    labels: QUEUE,
    *read({ backend, queues }) {
      for (const [queue, { grant }] of queues) if (grant !== undefined) yield [[backend, queue], grant.at / 1_000];
    },
  } satisfies Count,
  {
    kind: "gauge",
    together: "max",
    name: "last_round_trip_timestamp_seconds",
    help: "When the broker last answered a call; Unix time.",
    labels: ["backend"],
    *read({ backend, contacts }) {
      if (contacts.roundTripAt > 0) yield [[backend], contacts.roundTripAt / 1_000];
    },
  } satisfies Count,
  {
    kind: "histogram",
    name: "backend_operation_seconds",
    help: "Calls of the backend's verbs, by verb and the code of what failed; a receive waits for something to come.",
    labels: ["backend", "op", "reason"],
    *read({ backend, contacts }) {
      for (const [op, reason, buckets] of contacts.durations()) yield [[backend, op, reason], buckets];
    },
  } satisfies Spread,
]);
