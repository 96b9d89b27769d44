import { context, isSpanContextValid, type Span, SpanKind, trace } from "@opentelemetry/api";
import type { DispatchEvent, Headers, Observer, TracedTask, Tracer } from "@org/dispatch-core/contract";
import packageJson from "../package.json" with { type: "json" };
import { packAttributes, receiveAttributes, SCHEMA_URL, sendAttributes } from "./conventions.ts";
import { OpenSpans } from "./open-spans.ts";
import { checkOptions, type TracesOptions } from "./options.ts";
import { codeOf, Processing } from "./processing.ts";
import { failSpan, kinds, operationAttributes, Spans } from "./spans.ts";
import { headersOf, remoteOf } from "./trace-context.ts";

/** So many spans may be open at a time; the oldest is ended then. */
const MOST_OPEN = 10_000;

/** Traces of tasks, from send to settle: a tracer and an observer, which go into the options of a `Dispatcher` and a `Worker` together. */
export class Traces {
  readonly tracer: Tracer;
  readonly observer: Observer;
  readonly #spans: Spans;
  /** By the traceparent that they gave. */
  readonly #sends = new OpenSpans<Span>(MOST_OPEN, (span) => span.end());
  readonly #processing: Processing;

  private constructor({
    ratio = 1,
    tracerProvider = trace.getTracerProvider(),
    backend,
    random = Math.random,
  }: TracesOptions) {
    const tracer = tracerProvider.getTracer(packageJson.name, packageJson.version, { schemaUrl: SCHEMA_URL });
    this.#spans = new Spans(tracer, backend);
    this.#processing = new Processing(this.#spans, MOST_OPEN);
    this.tracer = {
      chooses: ratio >= 1 ? () => true : () => random() < ratio,
      begin: (task) => this.#begin(task),
      unsent: (traceparent, error) => this.#fail(traceparent, codeOf(error)),
      within: (attempt, run) => this.#processing.within(attempt, run),
    };
    this.observer = (event) => this.#observe(event);
  }

  /** Throws `CONFIG_INVALID` for what is unknown or out of range. */
  static open(options: TracesOptions = {}): Traces {
    checkOptions(options);
    return new Traces(options);
  }

  /** Ends what is open. */
  close(): void {
    for (const span of this.#sends.takeAll()) span.end();
    this.#processing.close();
  }

  #begin({ queue, task, taskId }: TracedTask): Headers {
    const of = this.#spans.of(queue);
    const span = this.#spans.start(of.names.send, kinds.send, sendAttributes(of, taskId, task), context.active());
    const spanContext = span.spanContext();
    if (!span.isRecording()) {
      // Without an SDK there may be nothing to carry. What its sampler says no to is carried as such: else what a worker's own instrumentation begins would
      // be a trace of its own, and its sampler asked anew.
      return isSpanContextValid(spanContext) ? headersOf(spanContext) : {};
    }
    const headers = headersOf(spanContext);
    remember(headers.traceparent, headers.tracestate);
    this.#sends.add(headers.traceparent as string, span);
    return headers;
  }

  #fail(traceparent: string, code: string): void {
    const span = this.#sends.take(traceparent);
    if (span !== undefined) failSpan(span, code);
  }

  /** Nearly all events are of tasks that are not traced: these have to be through here at once. */
  #observe(event: DispatchEvent): void {
    switch (event.event) {
      case "task_started":
        return;
      case "queue_dispatched":
      case "queue_completed":
      case "task_ended":
        if (event.trace !== undefined) this.#traced(event, event.trace);
        return;
      case "frames_leased":
        if (event.traces.length > 0) this.#received(event);
        return;
      case "pack_dispatched":
        this.#packed(event);
        return;
      case "call":
        this.#spans.isOf(event.backend);
        return;
      case "lease_lost":
        this.#processing.lost();
        return;
      case "worker_stopped":
        this.#processing.stopped(event.workerId);
        return;
      default:
        if ("trace" in event && event.trace !== undefined) this.#traced(event, event.trace);
    }
  }

  #traced(event: DispatchEvent, traceparent: string): void {
    switch (event.event) {
      case "queue_dispatched":
        this.#sends.take(traceparent)?.end();
        return;
      case "task_ended":
        // What was sent has ended already.
        this.#fail(traceparent, event.code ?? "_OTHER");
        return;
      default:
        this.#processing.observe(event, traceparent);
    }
  }

  /** Each of its tasks has a context of its own; the pack's is that of nobody, and links to theirs. */
  #packed({ queue, packId, tasks, traces, ageMs }: Extract<DispatchEvent, { event: "pack_dispatched" }>): void {
    const of = this.#spans.of(queue);
    for (const traceparent of traces) {
      const span = this.#sends.get(traceparent);
      span?.updateName(of.names.create);
      span?.setAttributes(operationAttributes("create"));
    }
    this.#spans.startOfSeveral(of.names.send, SpanKind.CLIENT, packAttributes(of, packId, tasks), traces, ageMs)?.end();
  }

  #received(event: Extract<DispatchEvent, { event: "frames_leased" }>): void {
    const { queue, workerId, tasks, traces, tracestates, waitedMs } = event;
    tracestates?.forEach((tracestate, traceparent) => {
      remember(traceparent, tracestate);
    });
    const of = this.#spans.of(queue);
    const attributes = receiveAttributes(of, tasks, workerId);
    this.#spans.startOfSeveral(of.names.receive, kinds.receive, attributes, traces, waitedMs)?.end();
  }
}

/** What events name by its traceparent alone. */
function remember(traceparent = "", tracestate?: string): void {
  if (tracestate !== undefined) remoteOf(traceparent, tracestate);
}
