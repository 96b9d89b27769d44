import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { context, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  ParentBasedSampler,
  SamplingDecision,
} from "@opentelemetry/sdk-trace-base";
import { type Context, Dead, Dispatcher } from "@org/dispatch-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { activeSpan, TracedWorld } from "./testing/traced-world.ts";
import { Traces } from "./traces.ts";

const QUEUE = "default";

describe("a task", () => {
  it("is one trace from send to settle, by the conventions", async () => {
    const world = new TracedWorld();
    const dispatcher = await world.dispatcher();
    const worker = await world.worker(async (n: number) => n + 1, { id: "w1" });
    const run = dispatcher.run<number, number>("default", [1], { packs: false });
    expect((await run.results())[0]?.value).toBe(2);
    const id = `${run.id}/0`;
    const spans = world.spans();
    const of = (operation: string) => ({
      "messaging.system.name": "memory",
      "messaging.operation.name": operation,
      "messaging.operation.type": operation,
      "messaging.destination.name": QUEUE,
    });
    const task = { "messaging.message.id": id, "dispatch.task": "default" };
    const at = { "messaging.client.id": worker.id, "dispatch.attempt": 1 };
    const send = `send ${QUEUE}`;
    expect(Object.fromEntries(spans.map((span) => [span.name, span]))).toMatchObject({
      [send]: { kind: "PRODUCER", below: undefined, attributes: { ...of("send"), ...task } },
      [`receive ${QUEUE}`]: {
        kind: "CLIENT",
        below: send,
        links: [send],
        attributes: { ...of("receive"), "messaging.batch.message_count": 1, "messaging.client.id": "w1" },
      },
      [`process ${QUEUE}`]: {
        kind: "CONSUMER",
        below: send,
        links: [send],
        attributes: { ...of("process"), ...task, ...at },
      },
      [`settle ${QUEUE}`]: {
        kind: "CLIENT",
        below: `process ${QUEUE}`,
        attributes: { ...of("settle"), ...task, ...at, "dispatch.outcome": "completed" },
      },
    });
    expect([spans.length, new Set(spans.map(({ traceId }) => traceId)).size]).toEqual([4, 1]);
    expect(spans.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("is below what its sender is at, and what its handler does is below it", async () => {
    const world = new TracedWorld();
    const dispatcher = await world.dispatcher();
    const own = world.provider.getTracer("test");
    await world.worker(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      own.startSpan("query").end();
    });
    const request = own.startSpan("request");
    const run = context.with(trace.setSpan(context.active(), request), () =>
      dispatcher.run("default", [1], { packs: false }),
    );
    await run.finished();
    request.end();
    expect(world.named("query")).toMatchObject([{ below: `process ${QUEUE}` }]);
    expect(world.named(`send ${QUEUE}`)).toMatchObject([{ below: "request" }]);
    expect(new Set(world.spans().map(({ traceId }) => traceId)).size).toBe(1);
    expect(activeSpan()).toBeUndefined();
  });

  it("that fails and is tried again has both attempts in its trace; that dies, how", async () => {
    const world = new TracedWorld();
    const dispatcher = await world.dispatcher();
    await world.worker(
      async (payload: string, { attempt }) => {
        if (payload === "dies") throw new Dead("the message may hold a payload");
        if (attempt === 1) throw Object.assign(new Error("secret"), { code: "ECONNRESET" });
        return payload;
      },
      { backoff: { baseMs: 1 } },
    );
    await dispatcher.run("default", ["again", "dies"], { packs: false }).finished();
    const processed = world
      .named(`process ${QUEUE}`)
      .map(({ attributes, error }) => [attributes["dispatch.attempt"], error]);
    expect(processed.sort()).toEqual([[1, "ECONNRESET"], [1, "Dead"], [2, undefined]].sort()); // biome-ignore format: one line
    const settled = world.named(`settle ${QUEUE}`).map(({ attributes }) => attributes["dispatch.outcome"]);
    expect(settled.sort()).toEqual(["completed", "dead", "failed"]);
    // One receive has brought both, and belongs to neither.
    const own = world.spans().filter(({ name, links }) => !name.startsWith("receive") || links.length === 1);
    expect(new Set(own.map(({ traceId }) => traceId)).size).toBe(2);
    expect(JSON.stringify(world.spans())).not.toMatch(/secret|payload/);
  });

  it("whose handler gives what runs when it is awaited, as a query does, runs that once, below its span", async () => {
    const world = new TracedWorld();
    const dispatcher = await world.dispatcher();
    const own = world.provider.getTracer("test");
    let runs = 0;
    const query = {
      // biome-ignore lint/suspicious/noThenProperty: it is what is tested
      then(resolve: (value: number) => void) {
        runs += 1;
        own.startSpan("query").end();
        setTimeout(() => resolve(runs), 20);
      },
    };
    await world.worker((() => query) as never);
    expect((await dispatcher.run("default", [1], { packs: false }).results())[0]?.value).toBe(1);
    const process = `process ${QUEUE}`;
    expect(world.named("query")).toMatchObject([{ below: process }]);
    const [span] = world.exporter.getFinishedSpans().filter(({ name }) => name === process);
    expect([runs, (span?.duration[1] ?? 0) > 15e6]).toEqual([1, true]);
  });

  it("that runs into its timeout ends its span there, whatever its handler does", async () => {
    const world = new TracedWorld();
    const dispatcher = await world.dispatcher();
    await world.worker(() => new Promise(() => {}), { timeoutMs: 20, maxAttempts: 1, abandonMs: 1 });
    await dispatcher.run("default", [1], { packs: false }).finished();
    expect(world.named(`process ${QUEUE}`)).toMatchObject([{ error: "TIMED_OUT" }]);
  });

  it("that cannot be sent ends there, also without a run", async () => {
    const world = new TracedWorld();
    const dispatcher = await world.dispatcher();
    await dispatcher.run("default", [1n]).finished();
    await expect(dispatcher.send("default", 2n)).rejects.toThrow();
    await dispatcher.send("default", 3);
    expect(world.spans()).toMatchObject([
      { name: `send ${QUEUE}`, error: "INPUT_INVALID" },
      { name: `send ${QUEUE}`, error: "INPUT_INVALID" },
      { name: `send ${QUEUE}`, error: undefined },
    ]);
  });
});

describe("a pack", () => {
  it("has a span of its own that links to those of its tasks, and so has the receive", async () => {
    const world = new TracedWorld();
    const dispatcher = await world.dispatcher();
    const run = dispatcher.run<number, number>("default", [1, 2, 3, 4], { packs: true });
    await world.worker(async (n: number) => n);
    await run.finished();
    const create = `create ${QUEUE}`;
    expect(world.named(create)).toHaveLength(4);
    for (const span of world.named(create))
      expect(span).toMatchObject({ kind: "PRODUCER", attributes: { "messaging.operation.type": "create" } });
    const sends = world.named(`send ${QUEUE}`);
    expect(sends.flatMap(({ links }) => links)).toEqual([create, create, create, create]);
    for (const span of sends)
      expect(span).toMatchObject({
        kind: "CLIENT",
        below: undefined,
        attributes: { "messaging.batch.message_count": 2 },
      });
    expect(world.named(`receive ${QUEUE}`).flatMap(({ links }) => links)).toEqual([create, create, create, create]);
    for (const span of world.named(`process ${QUEUE}`)) expect(span).toMatchObject({ below: create, links: [create] });
    const traced = [create, `process ${QUEUE}`, `settle ${QUEUE}`].flatMap((name) => world.named(name));
    expect([traced.length, new Set(traced.map(({ traceId }) => traceId)).size]).toEqual([12, 4]);
  });

  it("of which one task is traced belongs to the trace of that", async () => {
    let asked = 0;
    const random = () => {
      asked += 1;
      return asked === 2 ? 0 : 1;
    };
    const world = new TracedWorld({ ratio: 0.01, random });
    const dispatcher = await world.dispatcher();
    const run = dispatcher.run<number, number>("default", [1, 2, 3, 4], { packs: true });
    await world.worker(async (n: number) => n);
    await run.finished();
    expect(asked).toBe(4);
    const names = world.spans().map(({ name }) => name.split(" ")[0]);
    expect(names.sort()).toEqual(["create", "process", "receive", "send", "settle"]);
    expect(new Set(world.spans().map(({ traceId }) => traceId)).size).toBe(1);
  });
});

describe("what is chosen", () => {
  it.each([
    [0, 0],
    [0.25, 25],
    [1, 100],
  ])("of ratio %d: %d of 100", async (ratio, traced) => {
    let asked = -1;
    const random = () => {
      asked += 1;
      return (asked % 100) / 100;
    };
    const world = new TracedWorld({ ratio, random });
    const dispatcher = await world.dispatcher();
    await world.worker(async () => {});
    await dispatcher.run("default", Array.from({ length: 100 }, (_, n) => n), { packs: false }).finished(); // biome-ignore format: one line
    expect(world.named(`send ${QUEUE}`)).toHaveLength(traced);
  });

  it.each([false, true])(
    "where the SDK's sampler says no, that is carried, and nobody at the worker begins anew: packs %s",
    async (packs) => {
      const tracerProvider = new BasicTracerProvider({ sampler: new AlwaysOffSampler() });
      const world = new TracedWorld({ tracerProvider });
      const dispatcher = await world.dispatcher();
      const { tracer, observer } = Traces.open({ tracerProvider: world.provider });
      const own = world.provider.getTracer("test");
      const seen: unknown[] = [];
      const handler = async (n: number, { headers, attempt }: Context) => {
        own.startSpan("query").end();
        seen.push(headers.traceparent);
        if (n === 1 && attempt === 1) throw new Error("once");
      };
      await dispatcher.send("default", 0, { deadlineMs: 1 });
      await new Promise((resolve) => setTimeout(resolve, 5));
      await world.worker(handler as never, { tracer, observer, backoff: { baseMs: 1 } });
      await dispatcher.run("default", [1, 2, 3, 4], { packs }).finished();
      expect([seen.length, new Set(seen).size]).toEqual([5, 4]);
      expect(seen).toEqual(seen.map(() => expect.stringMatching(/^00-.*-00$/)));
      expect(world.spans()).toEqual([]);
    },
  );

  it("of a pack that the sampler wants one task of, the steps belong to the trace of that", async () => {
    let asked = 0;
    const sampler = new ParentBasedSampler({
      root: {
        shouldSample: () => {
          asked += 1;
          return { decision: asked === 2 ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
        },
        toString: () => "the second",
      },
    });
    const world = new TracedWorld({}, undefined, sampler);
    const dispatcher = await world.dispatcher();
    const run = dispatcher.run<number, number>("default", [1, 2, 3, 4], { packs: true });
    await world.worker(async (n: number) => n);
    await run.finished();
    expect(asked).toBe(4);
    const names = world.spans().map(({ name }) => name.split(" ")[0]);
    expect(names.sort()).toEqual(["create", "process", "receive", "send", "settle"]);
    expect(new Set(world.spans().map(({ traceId }) => traceId)).size).toBe(1);
  });

  it("a ratio of 0 begins no trace, and goes on with one that a task has of its own, as that says", async () => {
    const world = new TracedWorld({ ratio: 0 });
    const dispatcher = await world.dispatcher();
    await world.worker(async () => {});
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    for (const flags of ["01", "00"]) {
      const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` };
      await dispatcher.run("default", [1], { packs: false, headers }).finished();
    }
    await dispatcher.run("default", [1], { packs: false }).finished();
    const names = world.spans().map(({ name }) => name.split(" ")[0]);
    expect(names.sort()).toEqual(["process", "receive", "settle"]);
    expect(new Set(world.spans().map((span) => span.traceId))).toEqual(new Set([traceId]));
  });

  it("where there is no SDK, nothing is carried either", async () => {
    const traces = Traces.open();
    expect(traces.tracer.begin({ queue: "q", task: "t", taskId: "r/0" })).toEqual({});
    traces.close();
  });
});

it("what never ends is bounded, and ended by close", async () => {
  const world = new TracedWorld();
  for (let n = 0; n < 10_005; n += 1) world.traces.tracer.begin({ queue: "q", task: "t", taskId: `r/${n}` });
  expect(world.spans()).toHaveLength(5);
  world.traces.close();
  expect(world.spans()).toHaveLength(10_005);
});

it("an OTLP receiver shows one trace from send to settle", async () => {
  interface Sent {
    readonly resourceSpans: readonly {
      readonly scopeSpans: readonly {
        readonly schemaUrl?: string;
        readonly scope: { readonly name: string };
        readonly spans: readonly {
          readonly name: string;
          readonly traceId: string;
          readonly spanId: string;
          readonly parentSpanId?: string;
        }[];
      }[];
    }[];
  }
  const got: Sent[] = [];
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    got.push(JSON.parse(Buffer.concat(chunks).toString("utf8")) as Sent);
    response.setHeader("content-type", "application/json").end("{}");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => receiver.once("listening", resolve));
  onTestFinished(() => void receiver.close());
  const { port } = receiver.address() as AddressInfo;
  const exporter = new OTLPTraceExporter({ url: `http://127.0.0.1:${port}/v1/traces` });
  const world = new TracedWorld({}, exporter);
  const dispatcher = await Dispatcher.open(world.backend, world.traces);
  await world.worker(async () => {});
  await dispatcher.send("default", 1);
  const spansOf = () => got.flatMap(({ resourceSpans }) => resourceSpans).flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans); // biome-ignore format: one line
  await expect.poll(() => spansOf().map(({ name }) => name).sort()).toEqual(["process", "receive", "send", "settle"].map((name) => `${name} ${QUEUE}`)); // biome-ignore format: one line
  expect(new Set(spansOf().map(({ traceId }) => traceId)).size).toBe(1);
  const byName = new Map(spansOf().map((span) => [span.name.split(" ")[0], span]));
  expect(byName.get("process")?.parentSpanId).toBe(byName.get("send")?.spanId);
  expect(byName.get("settle")?.parentSpanId).toBe(byName.get("process")?.spanId);
  const [scope] = got.flatMap(({ resourceSpans }) => resourceSpans).flatMap(({ scopeSpans }) => scopeSpans);
  expect(scope).toMatchObject({
    scope: { name: "@org/dispatch-otel" },
    schemaUrl: "https://opentelemetry.io/schemas/1.45.0",
  });
  await dispatcher.close();
});
