import { createTraceState, TraceFlags } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { headersOf, remoteOf } from "./trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

describe("trace context", () => {
  it("comes back as it went", () => {
    const traceState = createTraceState("a=1,b=2");
    const headers = headersOf({ traceId, spanId, traceFlags: TraceFlags.SAMPLED, traceState });
    expect(headers).toEqual({ traceparent: `00-${traceId}-${spanId}-01`, tracestate: "a=1,b=2" });
    const back = remoteOf(headers.traceparent ?? "", headers.tracestate)?.spanContext;
    expect(back).toMatchObject({ traceId, spanId, traceFlags: 1, isRemote: true });
    expect(back?.traceState?.get("b")).toBe("2");
    expect(headersOf({ traceId, spanId, traceFlags: 0 })).toEqual({ traceparent: `00-${traceId}-${spanId}-00` });
  });

  it("of a later version is read as far as it is known", () => {
    expect(remoteOf(`01-${traceId}-${spanId}-03-more`)?.spanContext).toMatchObject({ traceId, traceFlags: 1 });
  });

  it.each([
    "",
    "x",
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
  ])("%j is none", (traceparent) => {
    expect(remoteOf(traceparent)).toBeUndefined();
  });
});
