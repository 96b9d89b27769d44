import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type TimeInput,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { key, type Operation, operations, spanName, systems } from "./conventions.ts";
import { contextOf } from "./trace-context.ts";

/** Which kind a span has, by its operation; a `send` of several tasks, whose contexts are those of their `create`, is a client's. */
const kinds: Readonly<Record<Operation, SpanKind>> = Object.freeze({
  create: SpanKind.PRODUCER,
  send: SpanKind.PRODUCER,
  receive: SpanKind.CLIENT,
  process: SpanKind.CONSUMER,
  settle: SpanKind.CLIENT,
});

export interface NewSpan {
  readonly operation: Operation;
  readonly queue: string;
  /** The span's own from then on. */
  readonly attributes: Attributes;
  readonly kind?: SpanKind | undefined;
  /** Absent: now. */
  readonly startTime?: TimeInput | undefined;
  readonly links?: Link[] | undefined;
}

/** Begins spans as the conventions have them. */
export class Spans {
  readonly #tracer: Tracer;
  /** The backend's name, as calls say it. */
  backend: string | undefined;

  constructor(tracer: Tracer, backend: string | undefined) {
    this.#tracer = tracer;
    this.backend = backend;
  }

  start({ operation, queue, attributes, kind, startTime, links }: NewSpan, parent: Context): Span {
    const { backend } = this;
    // Written into what the caller has made for this span: a traced task has four, and copies of objects cost more than what they hold.
    if (backend !== undefined) attributes[key.system] = systems[backend] ?? backend;
    attributes[key.operationName] = operations[operation];
    attributes[key.operationType] = operations[operation];
    attributes[key.destination] = queue;
    const options: SpanOptions = { kind: kind ?? kinds[operation], attributes };
    if (startTime !== undefined) options.startTime = startTime;
    if (links !== undefined) options.links = links;
    return this.#tracer.startSpan(spanName(operation, queue), options, parent);
  }
}

export function operationAttributes(operation: Operation): Attributes {
  return { [key.operationName]: operations[operation], [key.operationType]: operations[operation] };
}

/** The context below a task's trace. */
export function below(traceparent: string): Context {
  const context = contextOf({ traceparent });
  return context === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, context);
}

export function linksTo(traces: readonly string[]): Link[] {
  return traces.flatMap((traceparent) => {
    const context = contextOf({ traceparent });
    return context === undefined ? [] : [{ context }];
  });
}

/** Ends a span as failed. The code says what is wrong; no message, which may hold a part of a payload. */
export function failSpan(span: Span, code: string, endTime?: TimeInput): void {
  span.setAttribute(key.errorType, code);
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(endTime);
}
