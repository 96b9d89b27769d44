import { context, type Span, SpanKind, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-base";
import { Dispatcher, defineTask, type Handler, Worker, type WorkerOptions } from "@org/dispatch-core";
import { memory } from "@org/dispatch-core/memory";
import { onTestFinished } from "vitest";
import type { TracesOptions } from "../options.ts";
import { Traces } from "../traces.ts";

/** For tests: a span by its name, what it is below, and what it says. */
export interface Seen {
  readonly name: string;
  readonly kind: string;
  readonly below: string | undefined;
  readonly traceId: string;
  readonly links: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly error: string | undefined;
}

/** For tests: a dispatcher and a worker on memory, of which all spans are kept. */
export class TracedWorld {
  readonly exporter = new InMemorySpanExporter();
  readonly provider: BasicTracerProvider;
  readonly traces: Traces;
  readonly backend = memory();
  readonly #closing: (() => Promise<unknown>)[] = [];

  /** Absent `sampler`: the SDK's own, which wants all that no parent forbids. */
  constructor(options: TracesOptions = {}, exporter: SpanExporter = this.exporter, sampler?: Sampler) {
    const spanProcessors = [new SimpleSpanProcessor(exporter)];
    this.provider = new BasicTracerProvider(sampler === undefined ? { spanProcessors } : { spanProcessors, sampler });
    this.traces = Traces.open({ tracerProvider: this.provider, ...options });
    const manager = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(manager);
    onTestFinished(async () => {
      for (const close of this.#closing) await close();
      await this.backend.close();
      context.disable();
      await this.provider.shutdown();
    });
  }

  async dispatcher(): Promise<Dispatcher> {
    const dispatcher = await Dispatcher.open(this.backend, this.traces);
    this.#closing.unshift(() => dispatcher.close());
    return dispatcher;
  }

  async worker(handler: Handler<never, unknown>, options: WorkerOptions = {}): Promise<Worker> {
    const { tracer, observer } = this.traces;
    const worker = await Worker.start(this.backend, defineTask({ handler }), { tracer, observer, ...options });
    this.#closing.unshift(() => worker.stop());
    return worker;
  }

  spans(): Seen[] {
    const all = this.exporter.getFinishedSpans();
    const names = new Map(all.map((span) => [span.spanContext().spanId, span.name]));
    return all.map((span) => seenOf(span, names));
  }

  /** By when they ended. */
  ended(name: string): ReadableSpan[] {
    return this.exporter.getFinishedSpans().filter((span) => span.name === name);
  }

  named(name: string): Seen[] {
    return this.spans().filter((span) => span.name === name);
  }
}

function seenOf(span: ReadableSpan, names: ReadonlyMap<string, string>): Seen {
  const parent = span.parentSpanContext?.spanId;
  return {
    name: span.name,
    kind: SpanKind[span.kind] ?? "",
    below: parent === undefined ? undefined : (names.get(parent) ?? parent),
    traceId: span.spanContext().traceId,
    links: span.links.map(({ context: linked }) => names.get(linked.spanId) ?? linked.spanId),
    attributes: span.attributes,
    error: span.status.code === 2 ? String(span.attributes["error.type"]) : undefined,
  };
}

/** The span that is at work where this is called. */
export function activeSpan(): Span | undefined {
  return trace.getActiveSpan();
}
