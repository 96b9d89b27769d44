import { context, ROOT_CONTEXT, type Span, trace } from "@opentelemetry/api";
import type { DispatchEvent, TracedAttempt } from "@org/dispatch-core/contract";
import { key, own } from "./conventions.ts";
import { OpenSpans } from "./open-spans.ts";
import { below, failSpan, type Spans } from "./spans.ts";
import { contextOf } from "./trace-context.ts";

/** An attempt whose handler was run: its span, and when that ended. */
interface Attempt {
  readonly span: Span;
  endedAt: number | undefined;
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
  within<T>({ queue, task, taskId, attempt, workerId, headers }: TracedAttempt, run: () => T): T {
    const remote = contextOf(headers);
    const parent = remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(context.active(), remote);
    const attributes = { [key.messageId]: taskId, [key.client]: workerId, [own.task]: task, [own.attempt]: attempt };
    const links = remote === undefined ? [] : [{ context: remote }];
    const span = this.#spans.start({ operation: "process", queue, attributes, links }, parent);
    const known: Attempt = { span, endedAt: undefined };
    this.#attempts.add(nameOf(taskId, attempt), known);
    try {
      const value = context.with(trace.setSpan(parent, span), run);
      if (isThenable(value))
        value.then(() => end(known), (error: unknown) => end(known, codeOf(error))); // biome-ignore format: one line
      else end(known);
      return value;
    } catch (error) {
      end(known, codeOf(error));
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
      case "lease_lost":
        return void this.#lost(event.taskId, event.attempt);
      default:
        return;
    }
  }

  close(): void {
    for (const { span } of this.#attempts.takeAll()) span.end();
  }

  /** The broker has agreed: from when the handler ended until now. */
  #settled(
    event: {
      readonly queue: string;
      readonly task: string;
      readonly taskId: string;
      readonly attempt: number;
      readonly workerId: string;
    },
    traceparent: string,
    outcome: string,
    code: string | undefined,
  ): void {
    const { queue, task, taskId, attempt, workerId } = event;
    const known = this.#attempts.take(nameOf(taskId, attempt));
    // A handler that ran into its timeout may still be at it.
    if (known !== undefined) end(known, code ?? (outcome === "timed_out" ? "TIMED_OUT" : undefined));
    const parent = known === undefined ? below(traceparent) : trace.setSpan(below(traceparent), known.span);
    const attributes = {
      [key.messageId]: taskId,
      [key.client]: workerId,
      [own.task]: task,
      [own.attempt]: attempt,
      [own.outcome]: outcome,
    };
    const startTime = known?.endedAt;
    this.#spans.start({ operation: "settle", queue, attributes, startTime }, parent).end();
  }

  /** Nothing is settled: another holder has it. */
  #lost(taskId: string, attempt: number): void {
    const known = this.#attempts.take(nameOf(taskId, attempt));
    if (known !== undefined) end(known, "LEASE_LOST");
  }
}

function nameOf(taskId: string, attempt: number): string {
  return `${taskId} ${attempt}`;
}

/** Once. */
function end(attempt: Attempt, code?: string): void {
  if (attempt.endedAt !== undefined) return;
  attempt.endedAt = Date.now();
  if (code === undefined) attempt.span.end();
  else failSpan(attempt.span, code);
}

/** The code of an error, or its class; never its message. */
export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "_OTHER";
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === "string" && code !== "") return code;
  return typeof name === "string" && name !== "" ? name : "_OTHER";
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
