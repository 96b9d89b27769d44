/** One trace from send to settle, through each broker, as an OTLP receiver gets it from a sender and a worker that share nothing but the broker. */
import { randomBytes } from "node:crypto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { expect, onTestFinished, test } from "vitest";
import type { Backend } from "../../packages/core/dist/contract.js";
import { Dispatcher, defineTask, Worker } from "../../packages/core/dist/index.js";
import { memory } from "../../packages/core/dist/memory.js";
import { Traces } from "../../packages/otel/dist/index.js";
import { needService } from "../services/need-service.ts";
import { root } from "../tree.ts";
import { OtlpReceiver } from "./otlp-receiver.ts";

/** A group of Kafka is joined within some seconds, and a queue of SQS polled. */
const LONG_MS = 60_000;

/** What makes a backend of the same queues, each time another one; memory is one for all. */
type Make = (namespace: string) => Promise<(() => Backend) | undefined>;

const onBroker =
  (service: string, options: Readonly<Record<string, unknown>> = {}): Make =>
  async (namespace) => {
    const { fromOptions } = await import(`${root}/packages/backend-${service}/dist/index.js`);
    const line = await needService(service);
    return line && (() => fromOptions({ url: line.url, namespace, ...options }) as Backend);
  };

const backends: readonly (readonly [string, Make])[] = [
  [
    "memory",
    async (namespace) => {
      const one = memory({ namespace });
      return () => one;
    },
  ],
  ["redis", onBroker("redis")],
  ["sqs", onBroker("sqs")],
  ["kafka", onBroker("kafka", { partitions: 1 })],
  ["rabbitmq", onBroker("rabbitmq")],
];

test.each(backends)("%s", { timeout: 2 * LONG_MS }, async (name, make) => {
  const makeBackend = await make(`traced-${randomBytes(4).toString("hex")}`);
  if (makeBackend === undefined) return; // needService has said so, aloud.
  const receiver = await OtlpReceiver.start();
  onTestFinished(() => receiver.close());
  const traced = (service: string) => {
    const exporter = new OTLPTraceExporter({ url: receiver.url });
    const resource = resourceFromAttributes({ "service.name": service });
    const tracerProvider = new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(exporter)] });
    onTestFinished(() => tracerProvider.shutdown());
    const { tracer, observer } = Traces.open({ tracerProvider });
    return { tracer, observer };
  };
  const [sending, working] = [makeBackend(), makeBackend()];
  const handler = async (n: number) => n + 1;
  const worker = await Worker.start(working, defineTask({ handler }), traced("worker"));
  const dispatcher = await Dispatcher.open(sending, traced("sender"));
  const run = dispatcher.run<number, number>("default", [1], { packs: false });
  const results = await run.results();
  expect(results.map(({ value }) => value)).toEqual([2]);
  await dispatcher.close();
  await worker.stop();
  await Promise.all([sending.close(), working.close()]);

  const kinds = ["process", "receive", "send", "settle"];
  const own = () => receiver.spans.filter(({ name: span }) => span.endsWith(" default"));
  await expect
    .poll(
      () =>
        own()
          .map((span) => span.name.split(" ")[0])
          .sort(),
      { timeout: LONG_MS },
    )
    .toEqual(kinds);
  expect(new Set(own().map(({ traceId }) => traceId)).size).toBe(1);
  const byKind = new Map(own().map((span) => [span.name.split(" ")[0], span]));
  expect(kinds.map((kind) => byKind.get(kind)?.service)).toEqual(["worker", "worker", "sender", "worker"]);
  const idOf = (kind: string) => byKind.get(kind)?.spanId;
  expect(kinds.map((kind) => byKind.get(kind)?.parentSpanId)).toEqual([
    idOf("send"),
    idOf("send"),
    undefined,
    idOf("process"),
  ]);
  for (const { attributes } of own())
    expect(attributes).toContainEqual({ key: "messaging.system.name", value: { stringValue: expect.stringContaining(name.slice(-3)) } }); // biome-ignore format: one line
});
