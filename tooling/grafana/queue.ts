/** One queue in all its figures: what exactly happens there? */
import { activeWorkers, beats, tasksInHand } from "./fleet.ts";
import { type Board, panel } from "./panel.ts";

const OF = 'backend=~"$backend", queue=~"$queue"';
const WINDOW = "[$__rate_interval]";

/** What has never happened has no series: then there is one line at 0. */
const orZero = (expr: string) => `${expr} or 0 * max(dispatch_queue_pending_tasks{${OF}})`;
const now = (name: string, aggregate = "max") => `${aggregate}(dispatch_${name}{${OF}})`;
const rate = (name: string, more = "") => `sum(rate(dispatch_${name}{${OF}${more}}${WINDOW}))`;
const rateBy = (labels: string, name: string, more = "") => `sum by (${labels}) (rate(dispatch_${name}{${OF}${more}}${WINDOW}))`; // biome-ignore format: one line
const [received, sent] = beats(OF, WINDOW);
const quantiles = (name: string) =>
  [0.5, 0.95, 0.99].map((share): [string, string] => [`{{task}} p${share * 100}`, `histogram_quantile(${share}, ${rateBy("task, le", `${name}_bucket`)})`]); // biome-ignore format: one line

export const queue: Board = {
  name: "queue",
  title: "Dispatch / Queue",
  what: "One queue: what lies in it, how fast it moves, how its tasks end, and what its workers and coordinators say.",
  variables: ["backend", "queue"],
  rows: [
    {
      title: "What lies there",
      panels: [
        panel(
          "Frames",
          "short",
          "As the broker says; a pack is one frame.",
          ["ready", now("queue_ready_frames")],
          ["leased", now("queue_leased_frames")],
          ["delayed", now("queue_delayed_frames")],
          ["dead", now("queue_dead_frames")],
        ),
        panel(
          "Tasks",
          "short",
          "Outstanding: of runs, without an outcome yet.",
          ["wait", now("queue_pending_tasks")],
          ["in hand", `max(${tasksInHand(OF)})`],
          ["outstanding", now("tasks_outstanding", "sum")],
        ),
        panel(
          "Age",
          "s",
          "Since the oldest task that is ready could be taken, and since anything was granted to any worker.",
          ["oldest task", now("queue_oldest_task_age_seconds")],
          ["last grant", `time() - ${now("last_grant_timestamp_seconds")}`],
        ),
      ],
    },
    {
      title: "How fast it moves",
      panels: [
        panel(
          "Sent and completed",
          "cps",
          "Tasks a second. Unawaited: without a run, so nobody counts their completion.",
          ["sent", rate("cases_dispatched_total")],
          ["of these unawaited", rate("tasks_unawaited_total")],
          ["completed", rate("cases_completed_total")],
        ),
        panel(
          "Grants",
          "cps",
          "What workers are granted, and the attempts that they begin.",
          ["frames", rate("frames_leased_total")],
          ["tasks", rate("tasks_leased_total")],
          ["attempts", rate("tasks_started_total")],
        ),
        panel("Tasks to a frame", "short", "On average.", [
          "tasks",
          `${rate("pack_tasks_sum")} / (${rate("pack_tasks_count")} > 0)`,
        ]),
        panel(
          "Wait",
          "s",
          "From when a task was first sent to its first attempt, a delay included.",
          ...quantiles("task_wait_seconds"),
        ),
        panel("Handlers", "s", "How long attempts run that end their task.", ...quantiles("task_process_seconds")),
        panel(
          "End to end",
          "s",
          "From when a run reads an input to the outcome, a delay included.",
          ...quantiles("task_end_to_end_seconds"),
        ),
      ],
    },
    {
      title: "How tasks end",
      panels: [
        panel(
          "Outcomes",
          "cps",
          "As runs have accepted them, by outcome and code.",
          ["{{outcome}} {{reason}}", rateBy("outcome, reason", "tasks_ended_total")],
          ["before sending: {{outcome}} {{reason}}", orZero(rateBy("outcome, reason", "tasks_unsent_total"))],
        ),
        panel("Settled by workers", "cps", "By outcome and code, as the broker has agreed to.", [
          "{{outcome}} {{reason}}",
          rateBy("outcome, reason", "tasks_settled_total"),
        ]),
        panel(
          "Failed attempts",
          "cps",
          "By task; the last ones of a task included.",
          ["{{task}} {{reason}}", orZero(rateBy("task, reason", "tasks_failed_total"))],
          ["{{task}} ran into the timeout", rateBy("task", "timeout_failures_total")],
        ),
        panel("Requeues by reason", "cps", "Tasks that workers have given back or sent again.", [
          "{{reason}}",
          orZero(rateBy("reason", "cases_requeued_total")),
        ]),
        panel(
          "Retries and losses",
          "cps",
          "Of the outcomes that runs have accepted: attempts beyond the first, and holders that crashed.",
          ["retried", rate("tasks_retried_total")],
          ["lost", rate("tasks_lost_total")],
          ["sent again", rate("tasks_resent_total")],
        ),
        panel(
          "Errors",
          "cps",
          "Frames and inputs that could not be read or written, by code.",
          ["{{reason}}", orZero(rateBy("reason", "serialization_errors_total"))],
          ["frames of strangers: {{reason}}", orZero(rateBy("reason", "frames_rejected_total"))],
        ),
      ],
    },
    {
      title: "Workers and coordinators",
      panels: [
        panel(
          "Slots",
          "short",
          "Of all workers that are scraped.",
          ["slots", now("slots", "sum")],
          ["busy", now("slots_busy", "sum")],
        ),
        panel(
          "Workers",
          "short",
          "As coordinators hear of those that have tasks in hand; at least the scraped processes that have slots.",
          ["active", `max(${activeWorkers(OF)})`],
        ),
        panel(
          "Heartbeats",
          "cps",
          "Beats as coordinators receive them, and as processes without runs send them; workers that fell silent while they held tasks.",
          ["received", orZero(received)],
          ["sent", orZero(sent)],
          ["silent workers", rate("workers_silent_total")],
        ),
        panel(
          "Leases and slots lost",
          "cps",
          "Leases that ended under their holders, and handlers that did not return after their abort.",
          ["lease {{reason}}", orZero(rateBy("reason", "leases_lost_total"))],
          ["slot abandoned {{reason}}", orZero(rateBy("reason", "slots_abandoned_total"))],
        ),
        panel(
          "Results that came to nothing",
          "cps",
          "Second results of a task, results of an earlier process's runs, and results whose coordinator is gone.",
          ["duplicate", rate("results_duplicate_total")],
          ["fenced", rate("results_fenced_total")],
          ["orphaned", rate("results_orphaned_total")],
          ["undeliverable {{outcome}}", orZero(rateBy("outcome", "results_undeliverable_total"))],
        ),
      ],
    },
  ],
};
