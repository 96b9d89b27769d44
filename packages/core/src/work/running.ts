import type { AbortCode, Clock, Frame, StandardSchema, TaskInfo, Timer } from "../contract/index.ts";
import { Dead, DispatchError, kindOf, propertyOf, toWireError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { check } from "./schema.ts";
import type { Task } from "./task.ts";
import { TaskContext } from "./task-context.ts";

/** How one run of a handler ended, before policy looks at it. */
export type HandlerEnd =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "stopped"; readonly code: Exclude<AbortCode, "LEASE_LOST"> };

export interface RunningPort {
  readonly clock: Clock;
  readonly abandonMs: number;
  readonly logger: Logger;
  progress(frame: Frame, value: unknown): void;
  /** Once, unless the lease is lost first: then nobody wants to know. */
  ended(end: HandlerEnd, durationMs: number): void;
  /** Once: the handler has returned, or was given up. */
  freed(abandoned: AbortCode | undefined): void;
}

/** One handler at work on one task. Its slot is taken until it returns, also after its end was decided, but for `abandonMs` at most. */
export class Running {
  readonly #frame: Frame;
  readonly #task: Task;
  readonly #port: RunningPort;
  #controller: AbortController | undefined;
  #stopped: AbortCode | undefined;
  readonly #startedAt: number;
  #timer: Timer | undefined;
  #decided = false;
  #freed = false;

  constructor(port: RunningPort, frame: Frame, task: Task) {
    this.#port = port;
    this.#frame = frame;
    this.#task = task;
    this.#startedAt = port.clock.now();
  }

  /** Never throws and never rejects. `timeoutMs` is for this attempt; the task's deadline may come first. */
  async start(payload: unknown, lost: number, timeoutMs: number): Promise<void> {
    const { clock } = this.#port;
    const info = this.#frame.tasks[0] as TaskInfo;
    const leftMs = info.deadlineAt === undefined ? Number.POSITIVE_INFINITY : info.deadlineAt - clock.wall();
    this.#timer = clock.after(Math.min(timeoutMs, leftMs), () =>
      this.stop(leftMs < timeoutMs ? "EXPIRED" : "TIMED_OUT"),
    );
    try {
      const { logger } = this.#port;
      const signal = () => this.#signal();
      const progress = (frame: Frame, value: unknown) => this.#port.progress(frame, value);
      const context = new TaskContext({ frame: this.#frame, info, lost, logger, signal, progress });
      const value = await this.#task.handler(payload as never, context);
      const result = this.#task.output === undefined ? value : await this.#result(this.#task.output, value);
      this.#decide({ kind: "returned", value: result });
    } catch (error) {
      this.#decide({ kind: "threw", error });
    }
    this.#free(undefined);
  }

  /** Ends the attempt now, whatever the handler does; it is told by its signal. After LEASE_LOST nothing is written. */
  stop(code: AbortCode): void {
    if (this.#freed || this.#stopped !== undefined) return;
    this.#stopped = code;
    this.#timer?.cancel();
    if (code === "LEASE_LOST") this.#decided = true;
    else this.#decide({ kind: "stopped", code });
    this.#timer = this.#port.clock.after(this.#port.abandonMs, () => this.#free(code));
    this.#controller?.abort(new DispatchError(code, reasons[code]));
  }

  /** What the task says a result has to be; another one would be no better at the next attempt. */
  async #result(schema: StandardSchema, value: unknown): Promise<unknown> {
    const result = await check(schema, value);
    if ("wrong" in result) throw new Dead(`the result is not what ${this.#task.name} promises: ${result.wrong}`);
    return result.value;
  }

  /** Made when the handler asks for it; asked for after a stop, it has fired already. */
  #signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#stopped !== undefined) this.#controller.abort(new DispatchError(this.#stopped, reasons[this.#stopped]));
    }
    return this.#controller.signal;
  }

  #decide(end: HandlerEnd): void {
    if (this.#decided) return;
    this.#decided = true;
    this.#port.ended(end, this.#port.clock.now() - this.#startedAt);
  }

  #free(abandoned: AbortCode | undefined): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#timer?.cancel();
    this.#port.freed(abandoned);
  }
}

const reasons: Readonly<Record<AbortCode, string>> = Object.freeze({
  LEASE_LOST: "the lease expired or went to another holder: nothing that is returned now is written",
  TIMED_OUT: "the attempt took longer than its timeout",
  EXPIRED: "the deadline of the task has passed",
  CANCELLED: "the run was cancelled",
  SHUTTING_DOWN: "the worker stops: the task goes to another one",
});

/** What an error that a handler threw means: its class decides, else the user's word on what is retryable. */
export function readError(error: unknown, retryable: (error: unknown) => boolean) {
  const kind = kindOf(error);
  if (kind === "Drop") return { kind: "dropped", error: toWireError(error, "CANCELLED") } as const;
  const again = kind === "Retry" || (kind !== "Dead" && sayRetryable(error, retryable));
  const delayMs = kind === "Retry" ? delayOf(error as object) : undefined;
  return {
    kind: "failed",
    error: toWireError(error, again ? "ATTEMPTS_EXHAUSTED" : "REJECTED"),
    retryable: again,
    delayMs,
  } as const;
}

/** A delay that is no number of ms is none. */
function delayOf(error: object): number | undefined {
  const delayMs = propertyOf(error, "delayMs");
  return typeof delayMs === "number" && delayMs >= 0 && delayMs < Number.MAX_SAFE_INTEGER
    ? Math.ceil(delayMs)
    : undefined;
}

/** A predicate that throws must not cost the task: then it is retryable. */
function sayRetryable(error: unknown, retryable: (error: unknown) => boolean): boolean {
  try {
    return retryable(error);
  } catch {
    return true;
  }
}
