import { type Context, context, ROOT_CONTEXT, type Span, trace } from "@opentelemetry/api";
import type { DispatchEvent, TracedAttempt } from "@org/dispatch-core/contract";
import { processAttributes, settleAttributes } from "./conventions.ts";
import { OpenSpans } from "./open-spans.ts";
import { failSpan, kinds, type Spans } from "./spans.ts";
import { type Remote, remoteOf } from "./trace-context.ts";

/** An attempt whose handler was run: its span, and when that ended. */
class Attempt {
  readonly span: Span;
  /** With nothing in it but the span. */
  readonly below: Context;
  readonly #of: TracedAttempt;
  endedAt: number | undefined = undefined;

  constructor(span: Span, below: Context, of: TracedAttempt) {
    this.span = span;
    this.below = below;
    this.#of = of;
  }

  get workerId(): string {
    return this.#of.workerId;
  }
  /** Nothing more is said of it, or just now. */
  get isOver(): boolean {
    return !this.#of.isHeld();
  }

  /** Once. */
  end(code?: string): void {
    if (this.endedAt !== undefined) return;
    this.endedAt = Date.now();
    if (code === undefined) this.span.end();
    else failSpan(this.span, code);
  }
}

/** Spans of handlers, and of what the broker is told after them. */
export class Processing {
  readonly #spans: Spans;
  readonly #attempts: OpenSpans<Attempt>;

  constructor(spans: Spans, most: number) {
    this.#spans = spans;
    this.#attempts = new OpenSpans(most, ({ span }) => span.end());
  }

  /** Runs a handler below its span, so that what it calls is below that, too. */
  within<T>(traced: TracedAttempt, run: () => T): T {
    const { queue, taskId, attempt, headers } = traced;
    const { traceparent = "", tracestate } = headers;
    const remote = remoteOf(traceparent, tracestate);
    const active = context.active();
    const of = this.#spans.of(queue);
    const parent = parentOf(remote, active);
    const links = remote === undefined ? [] : [{ context: remote.spanContext }];
    const span = this.#spans.start(of.names.process, kinds.process, processAttributes(of, traced), parent, links);
    const inside = trace.setSpan(parent, span);
    // Its sampler says no: what the handler does is below that.
    if (!span.isRecording()) return context.with(inside, run);
    const known = new Attempt(span, active === ROOT_CONTEXT ? inside : trace.setSpan(ROOT_CONTEXT, span), traced);
    this.#attempts.add(nameOf(taskId, attempt), known);
    try {
      const value = context.with(inside, run);
      if (value instanceof Promise)
        value.then(() => known.end(), (error: unknown) => known.end(codeOf(error))); // biome-ignore format: one line
      else known.end();
      return value;
    } catch (error) {
      known.end(codeOf(error));
      throw error;
    }
  }

  observe(event: DispatchEvent, traceparent: string): void {
    switch (event.event) {
      case "queue_completed":
        return void this.#settled(event, traceparent, "completed", undefined);
      case "task_dead":
        return void this.#settled(event, traceparent, "dead", event.code);
      case "task_expired":
        return void this.#settled(event, traceparent, "expired", "EXPIRED");
      case "task_cancelled":
        return void this.#settled(event, traceparent, "cancelled", undefined);
      case "queue_requeued":
        return void this.#settled(event, traceparent, event.reason, undefined);
      default:
        return;
    }
  }

  /** A lease is over, of a task or of a pack: nothing is settled, another holder has it. */
  lost(): void {
    for (const attempt of this.#attempts.takeAll(isOver)) attempt.end("LEASE_LOST");
  }

  /** What its broker has not agreed to by now is left to the lease, and nobody tells of that any more. */
  stopped(workerId: string): void {
    for (const attempt of this.#attempts.takeAll((one) => one.workerId === workerId)) attempt.end("SHUTTING_DOWN");
  }

  close(): void {
    for (const { span } of this.#attempts.takeAll()) span.end();
  }

  /** The broker has agreed: from when the handler ended until now. */
  #settled(event: Settled, traceparent: string, outcome: string, code: string | undefined): void {
    const { queue, taskId, attempt } = event;
    const known = this.#attempts.take(nameOf(taskId, attempt), isOver);
    // A handler that ran into its timeout may still be at it.
    known?.end(code ?? (outcome === "timed_out" ? "TIMED_OUT" : undefined));
    const remote = remoteOf(traceparent);
    const parent = known?.below ?? (remote?.isSampled === true ? remote.context : undefined);
    if (parent === undefined) return;
    const of = this.#spans.of(queue);
    const attributes = settleAttributes(of, event, outcome);
    this.#spans.start(of.names.settle, kinds.settle, attributes, parent, undefined, known?.endedAt).end();
  }
}

/** What is said of an attempt that is settled. */
interface Settled {
  readonly queue: string;
  readonly task: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly workerId: string;
}

/** What its worker is at goes on in it; where that is nothing, as is usual, the context is there already. */
function parentOf(remote: Remote | undefined, active: Context): Context {
  if (remote === undefined) return ROOT_CONTEXT;
  return active === ROOT_CONTEXT ? remote.context : trace.setSpanContext(active, remote.spanContext);
}

function nameOf(taskId: string, attempt: number): string {
  return `${taskId} ${attempt}`;
}

/** Of several of one name (copies, or a task that its broker has given twice) the one that an event is of. */
function isOver(attempt: Attempt): boolean {
  return attempt.isOver;
}

/** The code of an error, or its class; never its message. */
export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "_OTHER";
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === "string" && code !== "") return code;
  return typeof name === "string" && name !== "" ? name : "_OTHER";
}
