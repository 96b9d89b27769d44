import type { Clock, DispatchEvent } from "@org/dispatch-core/contract";
import { Contacts } from "./contacts.ts";
import { LabelNames, reasonOf } from "./label-names.ts";
import { QueueBooks } from "./queue-books.ts";
import { TaskBooks } from "./task-books.ts";

export interface RecorderOptions {
  /** The label; absent: what the first call says. */
  readonly backend: string | undefined;
  readonly clock: Pick<Clock, "wall">;
  readonly tasks: readonly string[];
  readonly mostTasks: number;
  readonly mostQueues: number;
}

/** A failed attempt that was the last one. */
const FAILED: ReadonlySet<string> = new Set(["ATTEMPTS_EXHAUSTED", "REJECTED", "TIMED_OUT"]);
/** These say their code by their name: it is the one that a coordinator is told. */
const UNFINISHED = { task_expired: ["expired", "EXPIRED"], task_cancelled: ["cancelled", "CANCELLED"] } as const;
/** An input that could not become a frame. */
const UNSERIALIZABLE: ReadonlySet<string> = new Set(["INPUT_INVALID", "FRAME_INVALID", "TOO_LARGE"]);

/** Keeps books of the events of one backend. Told of every task, so it does nothing that can wait until somebody scrapes. */
export class Recorder {
  readonly queues = new Map<string, QueueBooks>();
  readonly contacts: Contacts;
  readonly #clock: Pick<Clock, "wall">;
  readonly #queueNames: LabelNames;
  readonly #taskNames: LabelNames;
  #backend: string | undefined;
  #queueName = "";
  #taskName = "";
  #queue: QueueBooks | undefined;
  #task: TaskBooks | undefined;

  constructor({ backend, clock, tasks, mostTasks, mostQueues }: RecorderOptions) {
    this.#backend = backend;
    this.#clock = clock;
    this.#taskNames = new LabelNames(mostTasks, tasks);
    this.#queueNames = new LabelNames(mostQueues);
    this.contacts = new Contacts(clock);
  }

  /** Was it told anything? */
  get isUsed(): boolean {
    return this.#backend !== undefined || this.queues.size > 0;
  }

  get backend(): string {
    return this.#backend ?? "";
  }

  readonly observe = (event: DispatchEvent): void => {
    switch (event.event) {
      case "task_started": {
        const books = this.#of(event.queue, event.task);
        books.started += 1;
        // What comes again has waited for something else, too: its back-off, a lease that had to run out, or somebody who redrives it.
        if (event.attempt === 1 && event.lost === 0 && !event.round) books.wait.observe(event.ageMs / 1_000);
        return;
      }
      case "queue_completed": {
        const books = this.#of(event.queue, event.task);
        books.settled.add("completed", undefined);
        books.process.observe("completed", event.durationMs);
        return;
      }
      case "task_ended":
        this.#ended(event);
        return;
      case "queue_dispatched": {
        if (!event.awaited) this.#register(event.task);
        const books = this.#of(event.queue, event.task);
        if (event.duplicate) return;
        books.dispatched += 1;
        books.dispatchedFrames += 1 / Math.max(1, event.packed ?? 1);
        if (!event.awaited) books.unawaited += 1;
        return;
      }
      case "call":
        this.#backend ??= event.backend;
        this.contacts.called(event);
        return;
      default:
        this.#rare(event);
        return;
    }
  };

  #rare(event: DispatchEvent): void {
    switch (event.event) {
      case "frames_leased":
        this.#queueOf(event.queue).leased(event, this.#clock.wall());
        return;
      case "queue_requeued": {
        const books = this.#of(event.queue, event.task);
        books.requeued.add(event.reason);
        if (event.reason === "failed" || event.reason === "timed_out") books.failed.add(event.reason);
        return;
      }
      case "task_dead": {
        const books = this.#of(event.queue, event.task);
        books.settled.add("dead", event.code);
        if (event.durationMs > 0) books.process.observe("dead", event.durationMs);
        if (FAILED.has(event.code)) books.failed.add(event.code === "TIMED_OUT" ? "timed_out" : "failed");
        return;
      }
      case "task_expired":
      case "task_cancelled": {
        const [outcome, code] = UNFINISHED[event.event];
        const books = this.#of(event.queue, event.task);
        books.settled.add(outcome, code);
        if (event.durationMs > 0) books.process.observe(outcome, event.durationMs);
        return;
      }
      case "task_timed_out":
        this.#of(event.queue, event.task).timedOut += 1;
        return;
      case "lease_lost":
        this.#of(event.queue, event.task).leasesLost.add(event.reason);
        return;
      case "slot_abandoned":
        this.#of(event.queue, event.task).abandoned.add(event.code);
        return;
      case "undeliverable":
        this.#of(event.queue, event.task).undeliverable.add(event.outcome);
        return;
      case "frame_rejected":
        this.#queueOf(event.queue).rejected.add(reasonOf(event.code));
        return;
      case "result_duplicate":
        if (event.fenced) this.#queueOf(event.queue).fenced += 1;
        else this.#queueOf(event.queue).duplicates += 1;
        return;
      case "orphan":
        this.#queueOf(event.queue).orphans += 1;
        return;
      case "task_resent":
        this.#queueOf(event.queue).resent += 1;
        return;
      case "beat_sent": {
        const queue = this.#queueOf(event.queue);
        if (queue.runs.size === 0) queue.beats += 1;
        return;
      }
      case "beat_received": {
        const queue = this.#queueOf(event.queue);
        queue.beats += 1;
        queue.beat(event.workerId, event.held, event.slots);
        return;
      }
      case "heartbeat_timeout": {
        const queue = this.#queueOf(event.queue);
        queue.silentWorkers += 1;
        queue.heard.delete(event.workerId);
        return;
      }
      default:
        this.#standing(event);
        return;
    }
  }

  /** Who begins and ends here, and what a broker says of a queue. */
  #standing(event: DispatchEvent): void {
    switch (event.event) {
      case "run_started": {
        this.#register(event.task);
        this.#queueOf(event.queue).runStarted(event.run, event.progress, this.#clock.wall());
        return;
      }
      case "run_finished":
        this.#queueOf(event.queue).ended(event.run);
        return;
      case "worker_started":
        for (const task of event.tasks) this.#register(task);
        this.#queueOf(event.queue).workerStarted(event.workerId, event, this.#clock.wall());
        return;
      case "worker_stopped":
        this.#queueOf(event.queue).workers.delete(event.workerId);
        return;
      case "queue_status":
        this.#queueOf(event.queue).stands(event, this.#clock.wall());
        return;
    }
  }

  #ended(event: Extract<DispatchEvent, { event: "task_ended" }>): void {
    const books = this.#of(event.queue, event.task);
    const { outcome, code, attempt, durationMs } = event;
    if (!event.sent) {
      books.unsent.add(outcome, code);
      if (code !== undefined && UNSERIALIZABLE.has(code)) this.#queueOf(event.queue).refusedInputs.add(code);
      return;
    }
    books.ended.add(outcome, code);
    books.endToEnd.observe(outcome, event.ageMs);
    if (attempt > 0) books.retried += attempt - 1;
    // Else it was ended unread, after earlier attempts perhaps.
    if (outcome === "completed" || durationMs > 0) {
      books.ran += 1;
      books.ranMs += durationMs;
    }
    books.lost += event.lost;
  }

  #register(task: string): void {
    if (this.#taskNames.register(task)) this.#task = undefined;
  }

  /** Tasks of one name come in a row. */
  #of(queue: string, task: string): TaskBooks {
    if (task === this.#taskName && queue === this.#queueName && this.#task !== undefined) return this.#task;
    const { tasks } = this.#queueOf(queue);
    const label = this.#taskNames.labelOf(task);
    let books = tasks.get(label);
    if (books === undefined) {
      books = new TaskBooks();
      tasks.set(label, books);
    }
    this.#taskName = task;
    this.#task = books;
    return books;
  }

  #queueOf(name: string): QueueBooks {
    if (name === this.#queueName && this.#queue !== undefined) return this.#queue;
    // A queue's name is its process's own, but a process may use many.
    this.#queueNames.register(name);
    const label = this.#queueNames.labelOf(name);
    let books = this.queues.get(label);
    if (books === undefined) {
      books = new QueueBooks(this.contacts);
      this.queues.set(label, books);
    }
    this.#queueName = name;
    this.#queue = books;
    this.#task = undefined;
    return books;
  }
}
