import type { Headers, TracedAttempt, TracedTask, Tracer } from "./contract/index.ts";
import { unheard } from "./errors.ts";
import { checkHeaders } from "./option-checks.ts";
import type { SendSettings } from "./plan/options.ts";

/**
 * Of the headers of a trace: a baggage of 8,192 and a tracestate of 512, as W3C bounds them, fit in. A worker reads no more than so many beside those that a
 * task may have of its own.
 */
const TRACE_CHARACTERS = 10_000;

/** A tracer that cannot break what it traces. What it throws, or rejects with, is lost, on purpose; `undefined` stays so, and costs nothing. */
export class Tracing {
  readonly #tracer: Tracer;

  private constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  static of(tracer: Tracer | undefined): Tracing | undefined {
    return tracer === undefined ? undefined : new Tracing(tracer);
  }

  /** The headers that a task travels with, if it is chosen. */
  begin(queue: string, task: string, run: string, index: number): Headers | undefined {
    try {
      if (!this.#tracer.chooses()) return undefined;
      const traced: TracedTask = { queue, task, taskId: `${run}/${index}` };
      const headers = this.#tracer.begin(traced);
      unheard(headers);
      checkHeaders(headers, TRACE_CHARACTERS);
      return headers.traceparent === undefined ? undefined : headers;
    } catch {
      return undefined;
    }
  }

  unsent(trace: string, error: unknown): void {
    try {
      unheard(this.#tracer.unsent(trace, error));
    } catch {
      // A tracer's fault must never cost a task.
    }
  }

  /** Runs a handler once, also where the tracer fails around it. */
  within<T>(attempt: TracedAttempt, run: () => T): T {
    let ended: { readonly value: T } | { readonly thrown: unknown } | undefined;
    const once = () => {
      if (ended === undefined) {
        try {
          ended = { value: run() };
        } catch (thrown) {
          ended = { thrown };
        }
      }
      return outcomeOf(ended);
    };
    try {
      unheard(this.#tracer.within(attempt, once));
    } catch {
      // Thrown by the handler, which is told below, or by the tracer, which tells nobody.
    }
    return once();
  }
}

/** The trace travels with the headers that a task has of its own. */
export function withTrace(settings: SendSettings, traced: Headers | undefined): SendSettings {
  return traced === undefined ? settings : { ...settings, headers: { ...settings.headers, ...traced } };
}

function outcomeOf<T>(ended: { readonly value: T } | { readonly thrown: unknown }): T {
  if ("thrown" in ended) throw ended.thrown;
  return ended.value;
}
