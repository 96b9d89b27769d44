import type { AbortCode, Clock, Frame, StandardSchema, TaskInfo, Timer } from "../contract/index.ts";
import { Dead, DispatchError, kindOf, propertyOf, toWireError } from "../errors.ts";
import { isThenable } from "../eventual.ts";
import type { Logger } from "../log.ts";
import { check } from "./schema.ts";
import type { Task } from "./task.ts";
import { TaskContext, type TaskContextPort } from "./task-context.ts";
import type { Turns } from "./turns.ts";

/** How one run of a handler ended, before policy looks at it. */
export type HandlerEnd =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "stopped"; readonly code: Exclude<AbortCode, "LEASE_LOST"> };

/** A task in hand, as far as its run must know it. */
export interface Runnable {
  readonly frame: Frame;
  readonly lost: number;
}

/** The same for all runs of a worker. */
export interface RunningPort<H extends Runnable> {
  readonly clock: Clock;
  /** The worker's own. */
  readonly turns: Turns;
  readonly abandonMs: number;
  readonly logger: Logger;
  /** Runs a handler within the trace that its task has. Absent where nobody traces. */
  readonly within?: (<T>(hold: H, run: () => T) => T) | undefined;
  progress(frame: Frame, value: unknown): void;
  /** Once, unless the lease is lost first: then nobody wants to know. */
  ended(hold: H, end: HandlerEnd, durationMs: number): void;
  /** Once: the handler has returned, or was given up. */
  freed(running: Running<H>, abandoned: AbortCode | undefined): void;
}

/** One handler at work on one task. Its slot is taken until it returns, also after its end was decided, but for `abandonMs` at most. */
export class Running<H extends Runnable> implements TaskContextPort {
  readonly hold: H;
  readonly #task: Task;
  readonly #port: RunningPort<H>;
  #controller: AbortController | undefined = undefined;
  #stopped: AbortCode | undefined = undefined;
  /** In monotonic ms. */
  readonly startedAt: number;
  readonly #turn: ReturnType<Turns["begin"]>;
  /** When the handler had returned: its result, or a promise. */
  #returnedAt: number | undefined = undefined;
  /** For this attempt: its timeout, or what is left until the deadline of its task. */
  readonly #limitMs: number;
  /** Is that its deadline? */
  readonly #expires: boolean;
  #timer: Timer | undefined = undefined;
  #decided = false;
  #freed = false;
  /** Among all that run. */
  place = -1;

  /** `timeoutMs` is for this attempt; the task's deadline may come first. `now`: in monotonic ms. */
  constructor(port: RunningPort<H>, hold: H, task: Task, timeoutMs: number, now: number) {
    this.#port = port;
    this.hold = hold;
    this.#task = task;
    const { clock, turns } = port;
    this.startedAt = now;
    this.#turn = turns.begin(now);
    const { deadlineAt } = this.info;
    const leftMs = deadlineAt === undefined ? Number.POSITIVE_INFINITY : deadlineAt - clock.wall();
    this.#expires = leftMs < timeoutMs;
    this.#limitMs = this.#expires ? leftMs : timeoutMs;
  }

  /** Monotonic ms at which it is ended. */
  get endsAt(): number {
    return this.startedAt + this.#limitMs;
  }
  get info(): TaskInfo {
    return this.hold.frame.tasks[0] as TaskInfo;
  }
  get frame(): Frame {
    return this.hold.frame;
  }
  get lost(): number {
    return this.hold.lost;
  }
  get logger(): Logger {
    return this.#port.logger;
  }

  /** Never throws: what is to be awaited may defend itself, as what is thrown may. A handler that returns at once costs no turn of the event loop. */
  start(payload: unknown): void {
    let value: unknown;
    try {
      const { within } = this.#port;
      value =
        within === undefined || this.info.headers?.traceparent === undefined
          ? this.#run(payload)
          : this.#runWithin(payload, within);
      this.#returnedAt = this.#port.clock.now();
      if (this.#task.output !== undefined) {
        void this.#checked(this.#task.output, value);
        return;
      }
      if (isThenable(value)) {
        Promise.resolve(value).then((result) => this.#returned(result), (error: unknown) => this.#threw(error)); // biome-ignore format: one line
        return;
      }
    } catch (error) {
      this.#threw(error);
      return;
    }
    this.#returned(value);
  }

  #run(payload: unknown): unknown {
    return this.#task.handler(payload as never, new TaskContext(this));
  }

  /** Apart, since a closure costs also who does not come to it. */
  #runWithin(payload: unknown, within: NonNullable<RunningPort<H>["within"]>): unknown {
    return within(this.hold, () => {
      const value = this.#run(payload);
      // A call of `then` may run something, as a query's does: this is the only one, and within the trace.
      return isThenable(value) ? Promise.resolve(value) : value;
    });
  }

  /** Its time is over. */
  timeOut(): void {
    this.stop(this.#expires ? "EXPIRED" : "TIMED_OUT");
  }

  async #checked(output: StandardSchema, value: unknown): Promise<void> {
    try {
      this.#returned(await this.#result(output, await value));
    } catch (error) {
      this.#threw(error);
    }
  }

  #returned(value: unknown): void {
    this.#decide({ kind: "returned", value });
    this.#free(undefined);
  }

  #threw(error: unknown): void {
    this.#decide({ kind: "threw", error });
    this.#free(undefined);
  }

  progress(value: unknown): void {
    this.#port.progress(this.hold.frame, value);
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
  signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#stopped !== undefined) this.#controller.abort(new DispatchError(this.#stopped, reasons[this.#stopped]));
    }
    return this.#controller.signal;
  }

  #decide(end: HandlerEnd): void {
    if (this.#decided) return;
    this.#decided = true;
    const { clock, turns } = this.#port;
    const now = clock.now();
    this.#port.ended(this.hold, end, turns.tookMs(this.#turn, this.startedAt, this.#returnedAt ?? now, now));
  }

  #free(abandoned: AbortCode | undefined): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#timer?.cancel();
    this.#port.freed(this, abandoned);
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
