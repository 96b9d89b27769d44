import type { DispatchEvent } from "@org/dispatch-core/contract";

type EventOf<N extends DispatchEvent["event"]> = Extract<DispatchEvent, { event: N }>;

const task = { queue: "mails", task: "send", taskId: "r/0", attempt: 1 };
const worker = { ...task, workerId: "w1" };

/** For tests: events as core makes them, with what a test does not care about filled in. */
export const made = {
  dispatched: (more: Partial<EventOf<"queue_dispatched">> = {}): DispatchEvent => ({
    event: "queue_dispatched",
    ...task,
    duplicate: false,
    awaited: true,
    ...more,
  }),
  ended: (more: Partial<EventOf<"task_ended">> = {}): DispatchEvent => ({
    event: "task_ended",
    ...task,
    outcome: "completed",
    durationMs: 20,
    lost: 0,
    sent: true,
    ageMs: 50,
    ...more,
  }),
  started: (more: Partial<EventOf<"task_started">> = {}): DispatchEvent => ({
    event: "task_started",
    ...worker,
    lost: 0,
    ageMs: 0,
    ...more,
  }),
  completed: (more: Partial<EventOf<"queue_completed">> = {}): DispatchEvent => ({
    event: "queue_completed",
    ...worker,
    durationMs: 20,
    ...more,
  }),
  requeued: (more: Partial<EventOf<"queue_requeued">> = {}): DispatchEvent => ({
    event: "queue_requeued",
    ...worker,
    reason: "failed",
    delayMs: 0,
    durationMs: 20,
    ...more,
  }),
  dead: (more: Partial<EventOf<"task_dead">> = {}): DispatchEvent => ({
    event: "task_dead",
    ...worker,
    code: "REJECTED",
    durationMs: 20,
    lost: 0,
    ...more,
  }),
  leased: (more: Partial<EventOf<"frames_leased">> = {}): DispatchEvent => ({
    event: "frames_leased",
    queue: "mails",
    workerId: "w1",
    frames: 1,
    tasks: 1,
    packs: [],
    ageMs: 0,
    waitedMs: 0,
    traces: [],
    ...more,
  }),
  call: (more: Partial<EventOf<"call">> = {}): DispatchEvent => ({
    event: "call",
    backend: "memory",
    verb: "send",
    items: 1,
    durationMs: 2,
    ...more,
  }),
  status: (more: Partial<EventOf<"queue_status">> = {}): DispatchEvent => ({
    event: "queue_status",
    queue: "mails",
    ready: 0,
    leased: 0,
    delayed: 0,
    dead: 0,
    exact: true,
    ...more,
  }),
  workerStarted: (tasks: number, slots: number, more: Partial<EventOf<"worker_started">> = {}): DispatchEvent => ({
    ...{ event: "worker_started", queue: "mails", workerId: "w1", slots, tasks: ["send"] },
    status: () => ({ held: tasks, tasks, running: Math.min(tasks, slots), finished: 0, released: 0 }),
    ...more,
  }),
  runFinished: (more: Partial<EventOf<"run_finished">> = {}): DispatchEvent => ({
    ...{ event: "run_finished", queue: "mails", run: "r", total: 5, completed: 5, dead: 0, expired: 0, cancelled: 0 },
    ...{ durationMs: 1, tasksPerSecond: 1, retried: 0, lost: 0, fenced: 0, duplicates: 0, resent: 0, orphans: 0 },
    ...more,
  }),
  runStarted: (outstanding: number, activeWorkers = 0, more: Partial<EventOf<"run_started">> = {}): DispatchEvent => ({
    ...{ event: "run_started", queue: "mails", run: "r", task: "send" },
    progress: () => ({
      total: outstanding,
      sent: outstanding,
      outstanding,
      completed: 0,
      dead: 0,
      expired: 0,
      cancelled: 0,
      retried: 0,
      activeWorkers,
      inputEnded: false,
    }),
    ...more,
  }),
} as const;
