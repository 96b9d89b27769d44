/** All queues at a glance: is anything wrong, and where? */
import { activeWorkers, tasksInHand } from "./fleet.ts";
import { type Board, panel } from "./panel.ts";

const OF = 'backend=~"$backend"';
const BY = "by (backend, queue)";
const LINE = "{{queue}} on {{backend}}";

/** What has never happened has no series: then a queue's line is at 0, instead of nowhere. */
const orZero = (expr: string) => `${expr} or 0 * max ${BY} (dispatch_queue_pending_tasks{${OF}})`;
const rate = (name: string, more = "", by = BY) => `sum ${by} (rate(dispatch_${name}{${OF}${more}}[$__rate_interval]))`;

export const overview: Board = {
  name: "overview",
  title: "Dispatch / Overview",
  what: "All queues: how much waits, whether workers get on, what goes wrong, and how the brokers answer.",
  variables: ["backend"],
  rows: [
    {
      title: "Is anything wrong?",
      panels: [
        panel("Alerts", "short", "Alerts of ops/prometheus/rules.yml that fire.", [
          "{{alertname}} ({{severity}})",
          'sum by (alertname, severity) (ALERTS{alertname=~"Dispatch.+", alertstate="firing"}) or 0 * count(dispatch_build_info)',
        ]),
        panel(
          "Backlog",
          "short",
          "Tasks that wait, delayed ones included. Growing steadily: more is sent than workers finish.",
          [LINE, `max ${BY} (dispatch_queue_pending_tasks{${OF}})`],
        ),
        panel("Oldest task", "s", "Since the oldest task that is ready could be taken.", [
          LINE,
          `max ${BY} (dispatch_queue_oldest_task_age_seconds{${OF}})`,
        ]),
        panel(
          "Dead letters",
          "short",
          "Tasks that nothing will run again, until somebody sends them again or removes them.",
          [LINE, `max ${BY} (dispatch_queue_dead_frames{${OF}})`],
        ),
      ],
    },
    {
      title: "Does work get on?",
      panels: [
        panel(
          "Sent and finished",
          "cps",
          "Tasks a second. Finished: as workers have settled them, in whatever way.",
          [`sent to ${LINE}`, rate("cases_dispatched_total")],
          [`finished of ${LINE}`, rate("tasks_settled_total")],
          [`completed of runs in ${LINE}`, rate("cases_completed_total")],
        ),
        panel(
          "Active workers",
          "short",
          "As coordinators hear of those that have tasks in hand; at least the scraped processes that have slots.",
          [LINE, activeWorkers(OF)],
        ),
        panel("Tasks in hand", "short", "Of all workers.", [LINE, tasksInHand(OF)]),
        panel(
          "Slots busy",
          "percentunit",
          "Of all slots of all workers. Near 1 with a backlog: more workers would help. Low with a backlog: look at the broker.",
          [LINE, `sum ${BY} (dispatch_slots_busy{${OF}}) / (sum ${BY} (dispatch_slots{${OF}}) > 0)`],
        ),
      ],
    },
    {
      title: "What goes wrong?",
      panels: [
        panel(
          "Requeues",
          "cps",
          "Tasks that went back, by reason; `shutdown`, `split`, `released` and `last_chance` are no faults.",
          [
            "{{reason}}: {{queue}} on {{backend}}",
            orZero(rate("cases_requeued_total", "", "by (backend, queue, reason)")),
          ],
        ),
        panel("Deaths", "cps", "Tasks that became dead letters, by code.", [
          "{{reason}}: {{queue}} on {{backend}}",
          orZero(rate("tasks_settled_total", ', outcome="dead"', "by (backend, queue, reason)")),
        ]),
        panel("Time-outs", "percentunit", "Of the attempts that began.", [
          LINE,
          `${rate("timeout_failures_total")} / (${rate("tasks_started_total")} > 0) or 0 * ${rate("tasks_started_total")}`,
        ]),
        panel("Silent workers", "cps", "Workers that held tasks and were not heard of for the heartbeat's timeout.", [
          LINE,
          rate("workers_silent_total"),
        ]),
        panel("Leases lost", "cps", "Leases that ended under their holders, expired or fenced.", [
          "{{reason}}: {{queue}} on {{backend}}",
          orZero(rate("leases_lost_total", "", "by (backend, queue, reason)")),
        ]),
        panel(
          "Refused results",
          "cps",
          "Results of tasks that had their outcome already: work that was done twice.",
          [`fenced: ${LINE}`, rate("results_fenced_total")],
          [`duplicate: ${LINE}`, rate("results_duplicate_total")],
        ),
        panel(
          "Sent again",
          "cps",
          "Tasks that the broker had lost, by what their coordinators did about it.",
          [`sent again: ${LINE}`, rate("tasks_resent_total")],
          [`given up: ${LINE}`, orZero(rate("tasks_ended_total", ', reason="VANISHED"'))],
        ),
        panel("Unreadable", "cps", "Frames and inputs that could not be read or written, by code.", [
          "{{reason}}: {{queue}} on {{backend}}",
          orZero(rate("serialization_errors_total", "", "by (backend, queue, reason)")),
        ]),
      ],
    },
    {
      title: "Brokers and processes",
      panels: [
        panel("Last answer of the broker", "s", "Since the broker answered any process. Above a minute it is away.", [
          "{{backend}}",
          `time() - max by (backend) (dispatch_last_round_trip_timestamp_seconds{${OF}})`,
        ]),
        panel("Failed calls", "cps", "Calls of the backend's verbs that failed, by verb and code.", [
          "{{op}} {{reason}}: {{backend}}",
          `sum by (backend, op, reason) (rate(dispatch_backend_operation_seconds_count{${OF}, reason!=""}[$__rate_interval])) or 0 * sum by (backend) (dispatch_last_round_trip_timestamp_seconds{${OF}})`,
        ]),
        panel(
          "Duration of calls",
          "s",
          "At the 99th percentile, by verb; a receive waits for something to come, so it is left out.",
          [
            "{{op}}: {{backend}}",
            `histogram_quantile(0.99, sum by (backend, op, le) (rate(dispatch_backend_operation_seconds_bucket{${OF}, op!="receive"}[$__rate_interval])))`,
          ],
        ),
        panel(
          "Event-loop lag",
          "s",
          "How late each process came to its timers, at the 99th percentile; and its longest stall since the scrape before.",
          ["{{instance}}", "dispatch_event_loop_lag_seconds"],
          ["longest stall: {{instance}}", "dispatch_event_loop_stall_seconds"],
        ),
        panel("What runs", "short", "Processes by version.", [
          "{{version}} on Node {{node}}",
          "count by (version, node) (dispatch_build_info)",
        ]),
      ],
    },
  ],
};
