import type { Headers, TracedAttempt, TracedTask, Tracer } from "./contract/index.ts";
import type { SendSettings } from "./plan/options.ts";

/** A tracer that cannot break what it traces. What it throws is lost, on purpose; `undefined` stays so, and costs nothing. */
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
      return headers.traceparent === undefined ? undefined : headers;
    } catch {
      return undefined;
    }
  }

  unsent(trace: string, error: unknown): void {
    try {
      this.#tracer.unsent(trace, error);
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
      this.#tracer.within(attempt, once);
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
