/** What watches a subject, to see what that costs: metrics, and the traces of one task in a hundred, by an SDK whose spans go nowhere. */
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { joinObservers } from "../../packages/core/dist/index.js";
import { Metrics } from "../../packages/metrics/dist/index.js";
import { Traces } from "../../packages/otel/dist/index.js";

const RATIO = 0.01;

/** The success of an export, as its result says it. */
const SUCCESS = 0;

const nowhere: SpanExporter = {
  export: (_, done) => done({ code: SUCCESS }),
  shutdown: async () => {},
  forceFlush: async () => {},
};

/** Options of a dispatcher and a worker. */
export function observing() {
  const metrics = Metrics.open();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(nowhere)] });
  const { tracer, observer } = Traces.open({ ratio: RATIO, tracerProvider });
  return { tracer, observer: joinObservers(metrics.observer, observer) };
}
