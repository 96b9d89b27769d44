import { createTraceState, isSpanContextValid, type SpanContext, TraceFlags } from "@opentelemetry/api";
import type { Headers } from "@org/dispatch-core/contract";

// W3C Trace Context, level 1, written here and not by the global propagator, which may be of another kind, or not there: what a frame carries is read by
// other processes. https://www.w3.org/TR/trace-context/

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** A span's context as headers of a task. */
export function headersOf({ traceId, spanId, traceFlags, traceState }: SpanContext): Headers {
  const traceparent = `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, "0")}`;
  const state = traceState?.serialize();
  return state === undefined || state === "" ? { traceparent } : { traceparent, tracestate: state };
}

/** So many that were read last: each is asked for at every step of its task, and a process has few of them in hand. */
const MOST_READ = 1_000;
const read = new Map<string, SpanContext | undefined>();

/** The context that headers carry; undefined where they carry none that can be believed. */
export function contextOf({ traceparent = "", tracestate }: Headers): SpanContext | undefined {
  let context = read.get(traceparent);
  if (context === undefined) {
    context = parse(traceparent);
    if (read.size >= MOST_READ) read.clear();
    read.set(traceparent, context);
  }
  return context === undefined || tracestate === undefined
    ? context
    : { ...context, traceState: createTraceState(tracestate) };
}

function parse(traceparent: string): SpanContext | undefined {
  const [, version, traceId = "", spanId = "", flags = "00", more] = TRACEPARENT.exec(traceparent) ?? [];
  // Version 255 is forbidden, and nothing may follow in the only version that there is.
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  const context: SpanContext = { traceId, spanId, traceFlags, isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}
