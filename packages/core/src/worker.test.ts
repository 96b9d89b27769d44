import { describe, expect, it } from "vitest";
import { VirtualClock } from "./clock.ts";
import { Dead, type DispatchError, Drop, Retry } from "./errors.ts";
import { hang, manual } from "./testing/manual-handler.ts";
import { MemoryWorld } from "./testing/memory-world.ts";
import { BrokerError, ScriptedBackend, scripted } from "./testing/scripted-backend.ts";
import { type Context, defineTask, type Task } from "./work/task.ts";
import { Worker } from "./worker.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("start", () => {
  const task = defineTask({ handler: () => 1 });
  it.each<[string, Task | readonly Task[], object, string]>([
    ["two tasks of one name", [task, defineTask({ handler: () => 2 })], {}, "CONFIG_INVALID"],
    ["no task", [], {}, "CONFIG_INVALID"],
    ["an unknown option", task, { concurency: 3 }, "CONFIG_INVALID"],
    ["no slots", task, { concurrency: 0 }, "CONFIG_INVALID"],
    ["half an attempt", task, { maxAttempts: 1.5 }, "CONFIG_INVALID"],
  ])("refuses %s", async (_, tasks, options, code) => {
    const backend = new ScriptedBackend();
    const starting = Worker.start(backend, tasks, { clock: new VirtualClock(), ...options });
    await expect(starting).rejects.toMatchObject({ name: "DispatchError", code });
    expect(backend.log).toEqual([]);
  });

  it("says what is the matter when the broker is never reached", async () => {
    const { clock, backend } = scripted();
    backend.open = async () => {
      throw new BrokerError("UNAVAILABLE");
    };
    const starting = Worker.start(backend, task, { clock }).catch((error: DispatchError) => error.code);
    await clock.advance(30_000);
    expect(await starting).toBe("UNAVAILABLE");
  });

  it("tells observers what it serves, how it stands, and what it was granted", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const sending = Promise.all([1, 2].map((payload) => dispatcher.send("a", payload)));
    await world.until(sending);
    await world.clock.advance(500);
    const held = [defineTask({ name: "a", handler: hang })];
    const worker = await world.worker(held, { concurrency: 2 });
    await world.clock.settle();
    const [started] = world.of("worker_started");
    expect(started).toMatchObject({ queue: "default", workerId: worker.id, slots: 2, tasks: ["a"] });
    expect(started?.status()).toEqual({ held: 2, tasks: 2, running: 2, finished: 0, released: 0 });
    expect(world.of("frames_leased")).toMatchObject([
      { workerId: worker.id, frames: 2, tasks: 2, packs: [], ageMs: 500 },
    ]);
    expect(world.of("task_started")).toMatchObject([
      { lost: 0, ageMs: 500 },
      { lost: 0, ageMs: 500 },
    ]);
  });

  it("serves several tasks by their names", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    await world.worker(["a", "b"].map((name) => defineTask({ name, handler: () => name })));
    const runs = ["a", "b", "c"].map((name) => dispatcher.run<number, string>(name, [1]));
    expect(await Promise.all(runs.map((run) => world.outcomes(run)))).toEqual([
      ['completed "a"'],
      ['completed "b"'],
      ["dead TASK_UNKNOWN"],
    ]);
    expect(await world.dead()).toEqual(["0 TASK_UNKNOWN 0/0"]);
  });
});

describe("what a handler does", () => {
  it.each<[string, (attempt: number) => unknown, string, number, number]>([
    ["returns", () => "x", 'completed "x"', 1, 0],
    ["returns nothing", () => undefined, "completed undefined", 1, 0],
    ["throws once", (attempt) => { if (attempt === 1) throw new Error("boom"); return "x"; }, 'completed "x"', 2, 0],
    ["always throws", () => { throw new Error("boom"); }, "dead ATTEMPTS_EXHAUSTED", 3, 1],
    ["throws Retry always", () => { throw new Retry(); }, "dead ATTEMPTS_EXHAUSTED", 3, 1],
    ["throws Dead", () => { throw new Dead("no"); }, "dead REJECTED", 1, 1],
    ["throws Drop", () => { throw new Drop("no"); }, "cancelled CANCELLED", 1, 0],
    ["always runs into its timeout", hang, "dead TIMED_OUT", 3, 1],
    ["returns what has no JSON", () => 1n, "dead REJECTED", 1, 1],
    ["throws what defends itself", () => { throw new Proxy({}, { has() { throw new Error("a trap"); }, get() { throw new Error("a trap"); } }); }, "dead ATTEMPTS_EXHAUSTED", 3, 1],
  ])("%s", async (_, act, outcome, attempts, letters) => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const worker = await world.worker((_payload: unknown, { attempt }: Context) => act(attempt), { maxAttempts: 3, abandonMs: 100 });
    const run = dispatcher.run<number, unknown>("default", [1]);
    expect(await world.outcomes(run)).toEqual([outcome]);
    expect(run.summary.retried).toBe(attempts - 1);
    expect((await world.dead()).length).toBe(letters);
    await world.clock.advance(100);
    expect(worker.status).toEqual({ held: 0, tasks: 0, running: 0, finished: 1, released: 0 });
    expect([await world.depth(), world.of("task_started").map(({ attempt }) => attempt)]).toEqual(["0/0/0", numbers(attempts).map((n) => n + 1)]);
  }); // biome-ignore format: a table

  it("waits as long as Retry says, else a back-off that doubles", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const startedAt: number[] = [];
    await world.worker((_: unknown, { attempt }: Context) => {
      startedAt.push(world.clock.now());
      if (attempt === 1) throw new Retry("later", { delayMs: 7_000 });
      if (attempt < 5) throw new Error("boom");
    });
    await world.until(dispatcher.run("default", [1]).finished());
    expect(startedAt).toEqual([0, 7_000, 8_000, 10_000, 14_000]);
    expect(world.of("queue_requeued").map(({ reason, delayMs }) => [reason, delayMs])).toEqual([
      ["failed", 7_000],
      ["failed", 1_000],
      ["failed", 2_000],
      ["failed", 4_000],
    ]);
  });

  it("a value that is too deep, or neighbours that are large together, cost nobody an outcome", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const deep = (levels: number) => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`) as unknown;
    const values = [deep(62), deep(63), deep(64), deep(66), "x".repeat(9_000_000), "y".repeat(9_000_000), 1];
    await world.worker((at: number) => values[at]);
    const run = dispatcher.run<number, unknown>("default", numbers(values.length));
    const outcomes = (await world.outcomes(run)).map((one) => one.slice(0, 13));
    expect(outcomes).toEqual([
      "completed [[[",
      "completed [[[",
      "completed [[[",
      "dead REJECTED",
      'completed "xx',
      'completed "yy',
      "completed 1",
    ]);
    expect(world.of("frame_rejected")).toEqual([]);
  });

  it("a lease that was lost: its handler is told, and what it returns is not written", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const { open, contexts, handler } = manual();
    const renew = world.backend.renew.bind(world.backend);
    world.backend.renew = async () => {
      throw new BrokerError("UNAVAILABLE");
    };
    const worker = await world.worker(handler, { leaseMs: 3_000 });
    const run = dispatcher.run<number, unknown>("default", [1]);
    await world.clock.advance(2_699);
    expect(contexts[0]?.signal.aborted).toBe(false);
    await world.clock.advance(1);
    expect(contexts[0]?.signal.reason).toMatchObject({ code: "LEASE_LOST" });
    expect(world.of("lease_lost")).toMatchObject([{ reason: "expired", workerId: "w1", attempt: 1 }]);
    open.get(1)?.("stale");
    world.backend.renew = renew;
    await world.clock.advance(1_000);
    expect(contexts).toHaveLength(2);
    expect([contexts[1]?.attempt, contexts[1]?.lost]).toEqual([1, 1]);
    expect(contexts[1]?.fence).toBeGreaterThan(contexts[0]?.fence as number);
    open.get(1)?.("fresh");
    expect(await world.outcomes(run)).toEqual(['completed "fresh"']);
    expect(run.summary).toMatchObject({ lost: 1, retried: 0, duplicates: 0, fenced: 0 });
    expect(worker.status.finished).toBe(1);
  });

  it("a handler that does not hear is abandoned, and its slot given on", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    await world.worker((payload: number) => (payload === 0 ? hang() : payload), {
      concurrency: 1,
      timeoutMs: 1_000,
      abandonMs: 500,
      maxAttempts: 1,
    });
    const run = dispatcher.run<number, number>("default", [0, 1]);
    expect(await world.outcomes(run)).toEqual(["dead TIMED_OUT", "completed 1"]);
    expect(world.of("slot_abandoned")).toMatchObject([{ code: "TIMED_OUT", attempt: 1 }]);
    expect(world.of("task_timed_out")).toMatchObject([{ durationMs: 1_000 }]);
    expect(world.clock.now()).toBe(1_500);
  });

  it("progress that cannot travel costs nothing but itself", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const circle: unknown[] = [];
    circle.push(circle);
    const deep = JSON.parse(`${"[".repeat(70)}${"]".repeat(70)}`) as unknown;
    const changing = { step: 1 };
    await world.worker((_: unknown, context: Context) => {
      for (const value of [1n, circle, deep, "x".repeat(20_000), () => 1, changing, undefined]) context.progress(value);
      changing.step = 2;
      return "done";
    });
    expect(await world.outcomes(dispatcher.run<number, string>("default", [1]))).toEqual(['completed "done"']);
    await world.clock.settle();
    expect(world.of("task_progress").map(({ value }) => value)).toEqual([{ step: 1 }, null]);
    expect(world.of("warning")).toHaveLength(5);
    expect(world.of("frame_rejected")).toEqual([]);
  });
});
