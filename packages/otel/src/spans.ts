import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TimeInput,
  type Tracer,
} from "@opentelemetry/api";
import { key, type Operation, operations, type Place, spanName, systems } from "./conventions.ts";
import { type Remote, remoteOf } from "./trace-context.ts";

/** Which kind a span has, by its operation; a `send` of several tasks, whose contexts are those of their `create`, is a client's. */
export const kinds: Readonly<Record<Operation, SpanKind>> = Object.freeze({
  create: SpanKind.PRODUCER,
  send: SpanKind.PRODUCER,
  receive: SpanKind.CLIENT,
  process: SpanKind.CONSUMER,
  settle: SpanKind.CLIENT,
});

/** What spans have in common that a queue's tasks have: made once, since nearly all tasks are of one queue. */
export interface QueueSpans extends Place {
  readonly names: Readonly<Record<Operation, string>>;
}

/** Begins spans as the conventions have them. */
export class Spans {
  readonly #tracer: Tracer;
  /** The backend's name, as calls say it. */
  #backend: string | undefined;
  #last: QueueSpans | undefined;

  constructor(tracer: Tracer, backend: string | undefined) {
    this.#tracer = tracer;
    this.#backend = backend;
  }

  /** The backend is called so, where nobody has said it before. */
  isOf(backend: string): void {
    if (this.#backend !== undefined) return;
    this.#backend = backend;
    this.#last = undefined;
  }

  of(queue: string): QueueSpans {
    const last = this.#last;
    if (last !== undefined && last.queue === queue) return last;
    const backend = this.#backend;
    const made = {
      queue,
      system: backend === undefined ? undefined : (systems[backend] ?? backend),
      names: {
        create: spanName("create", queue),
        send: spanName("send", queue),
        receive: spanName("receive", queue),
        process: spanName("process", queue),
        settle: spanName("settle", queue),
      },
    };
    this.#last = made;
    return made;
  }

  /** Absent `startTime`: now. */
  start(
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    parent: Context,
    links: Link[] = [],
    startTime?: TimeInput,
  ): Span {
    const options = startTime === undefined ? { kind, attributes, links } : { kind, attributes, links, startTime };
    return this.#tracer.startSpan(name, options, parent);
  }

  /**
   * Of what is done for tasks together: it belongs to the trace of the only one that is sampled; of several to none of them, and links to all. Undefined
   * where none is.
   */
  startOfSeveral(
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    traces: readonly string[],
    sinceMs: number,
  ): Span | undefined {
    const sampled = traces
      .map((traceparent) => remoteOf(traceparent))
      .filter((remote) => remote?.isSampled === true) as Remote[];
    const [first] = sampled;
    if (first === undefined) return undefined;
    const parent = sampled.length === 1 ? first.context : ROOT_CONTEXT;
    const links = sampled.map(({ spanContext }): Link => ({ context: spanContext }));
    return this.start(name, kind, attributes, parent, links, Date.now() - sinceMs);
  }
}

export function operationAttributes(operation: Operation): Attributes {
  return { [key.operationName]: operations[operation], [key.operationType]: operations[operation] };
}

/** Ends a span as failed. The code says what is wrong; no message, which may hold a part of a payload. */
export function failSpan(span: Span, code: string, endTime?: TimeInput): void {
  span.setAttribute(key.errorType, code);
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(endTime);
}
