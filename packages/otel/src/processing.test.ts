import { setTimeout as sleep } from "node:timers/promises";
import { createTraceState } from "@opentelemetry/api";
import { SamplingDecision } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";
import { TracedWorld } from "./testing/traced-world.ts";

const PROCESS = "process default";
const SETTLE = "settle default";

describe("attempts that have one name", () => {
  it("each have a span of their own, and each is settled below it", async () => {
    const world = new TracedWorld();
    // A broker that gives each task twice.
    const { backend } = world;
    const send = backend.send.bind(backend);
    backend.send = (queue, frames, signal) => {
      const twice =
        queue.role === "work" ? [...frames, ...frames.map((frame) => ({ ...frame, first: false }))] : frames;
      return send(queue, twice, signal).then((answers) => answers.slice(0, frames.length));
    };
    const open: (() => void)[] = [];
    await world.worker(() => new Promise<void>((resolve) => void open.push(resolve)));
    const dispatcher = await world.dispatcher();
    await dispatcher.send("default", 1);
    await expect.poll(() => open.length).toBe(2);
    // The later one ends first.
    for (const [ended, end] of open.toReversed().entries()) {
      end();
      await expect.poll(() => world.named(SETTLE).length).toBe(ended + 1);
    }
    const spanIds = (name: string) => world.ended(name).map((span) => span.spanContext().spanId);
    expect(world.ended(SETTLE).map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(spanIds(PROCESS));
    expect(new Set(spanIds(PROCESS)).size).toBe(2);
  });
});

describe("what a worker does not hold any more", () => {
  it("ends, each task of a pack", async () => {
    const world = new TracedWorld();
    const { backend } = world;
    const dispatcher = await world.dispatcher();
    let running = 0;
    const handler = () => {
      running += 1;
      return new Promise(() => {});
    };
    await world.worker(handler, { leaseMs: 150, concurrency: 4, abandonMs: 1 });
    const receive = backend.receive.bind(backend);
    // Once, and then never again.
    backend.receive = (...wanted) => (running > 0 ? sleep(10, []) : receive(...wanted));
    backend.renew = async (receipts) => receipts.map(() => "lost");
    void dispatcher.run("default", [1, 2, 3, 4], { packs: true }).results();
    await expect.poll(() => running).toBe(4);
    await expect.poll(() => world.named(PROCESS).map(({ error }) => error)).toEqual(Array(4).fill("LEASE_LOST"));
    expect(new Set(world.named(PROCESS).map(({ attributes }) => attributes["messaging.message.id"])).size).toBe(4);
  });

  it("ends with the worker, where its broker does not answer any more", async () => {
    const world = new TracedWorld();
    const { backend } = world;
    const dispatcher = await world.dispatcher();
    const stays = () => new Promise(() => {});
    const worker = await world.worker(stays, { drainMs: 1, abandonMs: 1 });
    await world.worker(async () => {}, { queue: "other" });
    await dispatcher.send("default", 1);
    await expect.poll(() => worker.status.running).toBe(1);
    backend.send = () => new Promise(() => {});
    backend.move = () => new Promise(() => {});
    backend.settle = () => new Promise(() => {});
    await worker.stop();
    expect(world.named(PROCESS)).toMatchObject([{ error: "SHUTTING_DOWN" }]);
  });
});

describe("a tracestate", () => {
  const headers = {
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    tracestate: "ot=th:8,a=1",
  };

  it.each([false, true])("is that of all that is below it, and of what links to it: packs %s", async (packs) => {
    const world = new TracedWorld({ ratio: 0 });
    const dispatcher = await world.dispatcher();
    await dispatcher.send("default", 0, { headers, deadlineMs: 1 });
    await sleep(5);
    const run = dispatcher.run("default", [1, 2], { packs, headers });
    await world.worker(async () => {});
    await run.finished();
    await expect.poll(() => world.named(SETTLE).map(({ attributes }) => attributes["dispatch.outcome"]).sort()).toEqual(["completed", "completed", "expired"]); // biome-ignore format: one line
    const spans = world.exporter.getFinishedSpans();
    const states = spans.flatMap((span) => [
      ...(span.parentSpanContext === undefined ? [] : [span.spanContext().traceState?.serialize()]),
      ...span.links.map(({ context }) => context.traceState?.serialize()),
    ]);
    expect(new Set(spans.map(({ name }) => name))).toEqual(new Set(["receive default", PROCESS, SETTLE]));
    expect(new Set(states)).toEqual(new Set([headers.tracestate]));
  });

  it("of a pack's sender is that of the pack", async () => {
    const sampler = {
      shouldSample: () => ({ decision: SamplingDecision.RECORD_AND_SAMPLED, traceState: createTraceState("a=1") }),
      toString: () => "states",
    };
    const world = new TracedWorld({}, undefined, sampler);
    const dispatcher = await world.dispatcher();
    await world.worker(async () => {});
    await dispatcher.run("default", [1, 2, 3, 4], { packs: true }).finished();
    const states = world
      .ended("send default")
      .flatMap(({ links }) => links.map(({ context }) => context.traceState?.serialize()));
    expect(states).toEqual(Array(4).fill("a=1"));
  });
});
