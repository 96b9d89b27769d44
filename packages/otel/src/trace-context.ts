import {
  type Context,
  createTraceState,
  INVALID_SPANID,
  INVALID_TRACEID,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import type { Headers } from "@org/dispatch-core/contract";

// W3C Trace Context, level 1, written here and not by the global propagator, which may be of another kind, or not there: what a frame carries is read by
// other processes. https://www.w3.org/TR/trace-context/

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/** A span's context as headers of a task. */
export function headersOf({ traceId, spanId, traceFlags, traceState }: SpanContext): Headers {
  const flags = traceFlags === TraceFlags.SAMPLED ? "01" : (traceFlags & 0xff).toString(16).padStart(2, "0");
  const traceparent = `00-${traceId}-${spanId}-${flags}`;
  const state = traceState?.serialize();
  return state === undefined || state === "" ? { traceparent } : { traceparent, tracestate: state };
}

/** What a traceparent says. */
export class Remote {
  readonly spanContext: SpanContext;
  /** With nothing in it but that: each step of its task is below it, and a context costs a copy of all that is in the one before. */
  readonly context: Context;
  readonly tracestate: string | undefined;

  constructor(spanContext: SpanContext, tracestate: string | undefined) {
    this.tracestate = tracestate;
    this.spanContext = spanContext;
    this.context = trace.setSpanContext(ROOT_CONTEXT, spanContext);
  }

  get isSampled(): boolean {
    return (this.spanContext.traceFlags & TraceFlags.SAMPLED) !== 0;
  }
}

/** So many that were read last: each is asked for at every step of its task, and a process has few of them in hand. */
const MOST_READ = 1_000;
const read = new Map<string, Remote | undefined>();

/** Undefined where it cannot be believed. Absent `tracestate`: as it was read before, since events name a trace by its traceparent alone. */
export function remoteOf(traceparent: string, tracestate?: string): Remote | undefined {
  const known = read.get(traceparent);
  if (known !== undefined && (tracestate === undefined || tracestate === known.tracestate)) return known;
  const parsed = parse(traceparent);
  const spanContext =
    parsed === undefined || tracestate === undefined ? parsed : { ...parsed, traceState: createTraceState(tracestate) };
  const remote = spanContext === undefined ? undefined : new Remote(spanContext, tracestate);
  if (read.size >= MOST_READ) read.clear();
  read.set(traceparent, remote);
  return remote;
}

/** By its places, which are fixed: an expression that captures costs five times as much. */
function parse(traceparent: string): SpanContext | undefined {
  if (!TRACEPARENT.test(traceparent)) return undefined;
  // Version 255 is forbidden, and nothing may follow in the only version that there is.
  if (traceparent.startsWith("ff") || (traceparent.startsWith("00") && traceparent.length > LENGTH)) return undefined;
  const traceId = traceparent.slice(3, 35);
  const spanId = traceparent.slice(36, 52);
  if (traceId === INVALID_TRACEID || spanId === INVALID_SPANID) return undefined;
  const traceFlags = Number.parseInt(traceparent.slice(53, LENGTH), 16) & TraceFlags.SAMPLED;
  return { traceId, spanId, traceFlags, isRemote: true };
}

/** Of what all versions have. */
const LENGTH = 55;
