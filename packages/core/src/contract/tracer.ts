import type { Headers } from "./task.ts";

/** A task of which a trace begins. */
export interface TracedTask {
  readonly queue: string;
  readonly task: string;
  /** `run/index`. */
  readonly taskId: string;
}

/** An attempt at a task that came with a trace. */
export interface TracedAttempt extends TracedTask {
  /** `traceparent` is among them. */
  readonly headers: Headers;
  readonly attempt: number;
  readonly workerId: string;
  /**
   * Is it still in hand? Not any more when it is told of its end, or of the loss of its lease: so, of attempts that have one name (a broker gave a task
   * twice, a coordinator sent it again), an event means the one that is not, and `lease_lost`, which names only the first task of a pack, all those.
   */
  readonly isHeld: () => boolean;
}

/**
 * What makes one trace of what happens to a task in several processes. Core carries what it says in the headers of the task, and of all its copies, and
 * names it in the events; what a trace is made of is the tracer's business. Called synchronously; what it throws, or rejects with, is swallowed, and the
 * task goes untraced.
 */
export interface Tracer {
  /** Is the next task to be traced? Asked for each that is sent, so it must be cheap: what is not chosen costs nothing more. */
  chooses(): boolean;
  /**
   * Begins the trace of a task that was chosen. Answers the headers that travel with it: `traceparent` (W3C Trace Context), and what belongs to that. Texts,
   * 10,000 characters in all: with others the task goes untraced.
   */
  begin(task: TracedTask): Headers;
  /** A task that nobody waits for could not be sent; of those of a run, `task_ended` tells. */
  unsent(traceparent: string, error: unknown): void;
  /** Runs the handler of an attempt within its trace. `run` is called once, and what it gives is given back as it is: a value, or a Promise. */
  within<T>(attempt: TracedAttempt, run: () => T): T;
}
