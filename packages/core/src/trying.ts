import type { Random } from "./backoff.ts";
import type { Backend, Clock, Code, ErrorClass, Observer } from "./contract/index.ts";
import { codes, DispatchError, printed } from "./errors.ts";
import { pauseBetween, type RetryingParts, retrying, TRY_MS, type Until } from "./retrying.ts";

/** How long the first connection may take, tries included, before whoever opens gives up. */
export const OPEN_MS = 30_000;

export interface TryingOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Observer | undefined;
}

/** What one try is about. */
export interface Try {
  readonly verb: string;
  /** How many it is about, for the observer. */
  readonly items: number;
  /** The longest that it may take. Default: `TRY_MS`. */
  readonly tryMs?: number;
  /** What an answer says that is a failure of the whole, for the observer. */
  readonly failed?: (answer: never) => unknown;
  /** The broker is not asked: its answer is nothing to tell an observer of. */
  readonly isLocal?: boolean;
}

/** How a verb of a backend is tried, once or again: bounded in time, what it throws classified and wrapped, what it took reported. */
export class Trying {
  readonly #backend: Backend;
  readonly #clock: Clock;
  readonly #again: RetryingParts;
  readonly #observer: Observer | undefined;

  constructor({ backend, clock, random, observer }: TryingOptions) {
    this.#backend = backend;
    this.#clock = clock;
    this.#again = { clock, random, adviceMs: (error) => this.adviceMs(error) };
    this.#observer = observer;
  }

  /** Until it succeeds, or fails with what no other try would mend, or its time is over. Throws only DispatchError. */
  untilDone<T>(what: Try, until: Until, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return retrying(this.#again, until, () => this.once(what, until, run));
  }

  /** One try, bounded by its own time, the call's deadline and the caller's signal. Throws only DispatchError. */
  async once<T>(what: Try, until: Until, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { verb, tryMs = TRY_MS } = what;
    const startedAt = this.#clock.now();
    const boundMs = Math.min(tryMs, (until.deadline ?? Number.POSITIVE_INFINITY) - startedAt);
    const controller = new AbortController();
    const outer = until.signal;
    if (outer?.aborted) throw new DispatchError("CLOSED", `${verb}: ended before it began`);
    const stop = () => controller.abort(outer?.reason);
    let timedOut = false;
    outer?.addEventListener("abort", stop, { once: true });
    const timer = this.#clock.after(Math.max(0, boundMs), () => {
      timedOut = true;
      controller.abort(new DispatchError("TIMED_OUT", `${verb} took longer than ${Math.round(boundMs)} ms`));
    });
    try {
      const answer = await run(controller.signal);
      if (this.#observer !== undefined && what.isLocal !== true) this.#answered(what, startedAt, answer);
      return answer;
    } catch (error) {
      const wrapped = timedOut
        ? new DispatchError("TIMED_OUT", `${verb} took longer than ${Math.round(boundMs)} ms`, { cause: error })
        : this.wrap(verb, error);
      this.#report(what, startedAt, wrapped);
      throw wrapped;
    } finally {
      timer.cancel();
      outer?.removeEventListener("abort", stop);
    }
  }

  /** What a backend threw, as the one error class. */
  wrap(verb: string, error: unknown): DispatchError {
    if (error instanceof DispatchError) return error;
    const { code, detail } = this.#classOf(error);
    return new DispatchError(code, `${this.#backend.name} ${verb}: ${detail ?? printed(error)}`, { cause: error });
  }

  /** Waits before the next try; answers false when the deadline or the signal comes first. */
  pause(round: number, until: Until, advisedMs: number): Promise<boolean> {
    return pauseBetween(this.#again, round, until, advisedMs);
  }

  /** How long the broker asks to be left alone. */
  adviceMs(error: DispatchError): number {
    return error.cause === undefined ? 0 : (this.#classOf(error.cause).retryAfterMs ?? 0);
  }

  /** What an adapter cannot classify, or fails at, is as if the broker was away. */
  #classOf(error: unknown): ErrorClass {
    try {
      const found = this.#backend.classify(error);
      if (Object.hasOwn(codes, found.code)) return found;
    } catch {
      // Told by what it was asked about.
    }
    return { code: "UNAVAILABLE" };
  }

  #answered(what: Try, startedAt: number, answer: unknown): void {
    const failed = what.failed?.(answer as never);
    const error = failed === undefined ? undefined : this.wrap(what.verb, failed);
    this.#report(what, startedAt, error, broughtBy(what.verb, answer));
  }

  #report({ verb, items }: Try, startedAt: number, error?: DispatchError, brought?: number): void {
    this.#observer?.({
      event: "call",
      backend: this.#backend.name,
      verb,
      items,
      durationMs: this.#clock.now() - startedAt,
      ...(brought === undefined ? {} : { brought }),
      ...(error === undefined
        ? {}
        : { code: error.code as Code, message: error.message, again: codes[error.code].again }),
    });
  }
}

function broughtBy(verb: string, answer: unknown): number | undefined {
  return verb === "receive" && Array.isArray(answer) ? answer.length : undefined;
}
