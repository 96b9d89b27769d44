import { describe, expect, it } from "vitest";
import type { DispatchEvent, Headers, TracedAttempt, TracedTask, Tracer } from "./contract/index.ts";
import { outFrame } from "./testing/frames.ts";
import { MemoryWorld, WORK } from "./testing/memory-world.ts";
import { Tracing } from "./tracing.ts";
import type { Context } from "./work/task.ts";

/** Chooses every other task, and notes what it is told. */
class Notes implements Tracer {
  readonly begun: TracedTask[] = [];
  readonly within_: TracedAttempt[] = [];
  readonly gone: [string, unknown][] = [];
  asked = 0;

  chooses(): boolean {
    this.asked += 1;
    return this.asked % 2 === 1;
  }
  begin(task: TracedTask): Headers {
    this.begun.push(task);
    return { traceparent: `00-trace-${this.begun.length}-01`, tracestate: "a=b" };
  }
  unsent(traceparent: string, error: unknown): void {
    this.gone.push([traceparent, error]);
  }
  within<T>(attempt: TracedAttempt, run: () => T): T {
    this.within_.push(attempt);
    return run();
  }
}

describe("a run that is traced", () => {
  it.each([false, true])(
    "carries the trace of what was chosen to its handler, its copies, and all events: packs %s",
    async (packs) => {
      const world = new MemoryWorld();
      const tracer = new Notes();
      const dispatcher = await world.dispatcher({ tracer });
      const seen: [string, Headers][] = [];
      const handler = (payload: string, { headers, attempt }: Context) => {
        seen.push([`${payload} ${attempt}`, { ...headers }]);
        if (payload === "c" && attempt === 1) throw new Error("once");
        return payload;
      };
      await world.worker(handler as never, { tracer });
      const run = dispatcher.run("default", ["a", "b", "c", "d"], { packs, headers: { own: "1" } });
      expect(await world.outcomes(run)).toEqual(["a", "b", "c", "d"].map((value) => `completed "${value}"`));
      const [first, second] = [1, 2].map((n) => ({ own: "1", traceparent: `00-trace-${n}-01`, tracestate: "a=b" }));
      expect(Object.fromEntries(seen)).toEqual({
        "a 1": first,
        "b 1": { own: "1" },
        "c 1": second,
        "c 2": second,
        "d 1": { own: "1" },
      });
      expect(tracer.begun.map(({ taskId }) => taskId)).toEqual([0, 2].map((index) => `${run.id}/${index}`));
      expect(tracer.within_).toMatchObject([
        { task: "default", taskId: `${run.id}/0`, attempt: 1, headers: first },
        { taskId: `${run.id}/2`, attempt: 1 },
        { taskId: `${run.id}/2`, attempt: 2 },
      ]);
      const traced = [
        ...world.of("queue_dispatched"),
        ...world.of("task_started"),
        ...world.of("queue_completed"),
        ...world.of("task_ended"),
      ];
      const ofTask = (index: number) =>
        new Set(traced.filter(({ taskId }) => taskId === `${run.id}/${index}`).map(({ trace }) => trace));
      expect([0, 1, 2, 3].map((index) => [...ofTask(index)])).toEqual([
        ["00-trace-1-01"],
        [undefined],
        ["00-trace-2-01"],
        [undefined],
      ]);
      expect(world.of("frames_leased").flatMap(({ traces }) => traces)).toEqual([
        "00-trace-1-01",
        "00-trace-2-01",
        "00-trace-2-01",
      ]);
      const states = world.of("frames_leased").flatMap(({ tracestates }) => [...(tracestates ?? [])]);
      expect(states).toEqual([1, 2, 2].map((n) => [`00-trace-${n}-01`, "a=b"]));
      expect(world.of("queue_requeued")).toMatchObject([{ trace: "00-trace-2-01" }]);
      const pack = (first: number, trace: string) => ({ packId: `${run.id}/${first}+2`, tasks: 2, traces: [trace] });
      const twoPacks = [pack(0, "00-trace-1-01"), pack(2, "00-trace-2-01")];
      expect(world.of("pack_dispatched")).toMatchObject(packs ? twoPacks : []);
    },
  );

  it("what runs when it is awaited, as a query does, runs once, and its tracer may await it", async () => {
    const world = new MemoryWorld();
    const tracer = new Notes();
    const given: unknown[] = [];
    tracer.within = (_, run) => {
      const value = run();
      given.push(value);
      if (value instanceof Promise) value.then(() => {});
      return value;
    };
    let runs = 0;
    // biome-ignore lint/suspicious/noThenProperty: it is what is tested
    const query = { then: (resolve: (value: number) => void) => resolve(++runs) };
    await world.worker((() => query) as never, { tracer });
    const dispatcher = await world.dispatcher({ tracer });
    expect(await world.outcomes(dispatcher.run("default", ["a"]))).toEqual(["completed 1"]);
    expect([given, runs]).toEqual([[expect.any(Promise)], 1]);
  });

  it("which attempt an event means, of two with one name, its tracer can tell: the one that is not held any more", async () => {
    const world = new MemoryWorld();
    const tracer = new Notes();
    const held: boolean[][] = [];
    const open: ((value: unknown) => void)[] = [];
    await world.open(WORK);
    const observer = ({ event }: DispatchEvent) => {
      if (event === "queue_completed") held.push(tracer.within_.map((attempt) => attempt.isHeld()));
    };
    await world.worker(() => new Promise((resolve) => void open.push(resolve)), { tracer, observer });
    const frame = outFrame({ coordinator: undefined, headers: { traceparent: "00-trace-1-01" } });
    await world.put(WORK, { ...frame, first: false }, { ...frame, first: false });
    await world.clock.advance(10);
    open[1]?.(1);
    await world.clock.advance(10);
    open[0]?.(1);
    await world.clock.advance(10);
    expect(new Set(tracer.within_.map(({ taskId, attempt }) => `${taskId} ${attempt}`)).size).toBe(1);
    expect(held).toEqual([
      [true, false],
      [false, false],
    ]);
  });

  it("whose packs are lost: none of the tasks of a pack is held then, whichever of them is named", async () => {
    const world = new MemoryWorld();
    const tracer = new Notes();
    tracer.chooses = () => true;
    world.backend.renew = async (receipts) => receipts.map(() => "lost");
    const held: boolean[][] = [];
    const note = () => void held.push(tracer.within_.map((attempt) => attempt.isHeld()));
    const observer = ({ event }: DispatchEvent) => void (event === "lease_lost" && note());
    const dispatcher = await world.dispatcher({ tracer });
    const stays = new Promise(() => {});
    await world.worker(((n: number) => (n === 1 ? n : stays)) as never, { tracer, observer, leaseMs: 3_000 });
    void dispatcher.run("default", [1, 2, 3, 4], { packs: true }).results();
    await world.clock.advance(10);
    note();
    await world.clock.advance(1_500);
    expect(held).toEqual([
      [false, true, true, true],
      [false, false, true, true],
      [false, false, false, false],
    ]);
  });

  it("an input that cannot be sent ends with its trace", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher({ tracer: new Notes() });
    expect(await world.outcomes(dispatcher.run("default", [1n]))).toEqual(["dead INPUT_INVALID"]);
    expect(world.of("task_ended")).toMatchObject([{ sent: false, trace: "00-trace-1-01" }]);
  });
});

describe("a send that is traced", () => {
  it("carries its trace; what cannot be sent is told to the tracer", async () => {
    const world = new MemoryWorld();
    const tracer = new Notes();
    const dispatcher = await world.dispatcher({ tracer });
    await world.until(dispatcher.send("default", 1));
    expect(world.of("queue_dispatched")).toMatchObject([{ awaited: false, trace: "00-trace-1-01" }]);
    await world.until(dispatcher.send("default", 2));
    await expect(dispatcher.send("default", 3n)).rejects.toMatchObject({ code: "INPUT_INVALID" });
    expect(tracer.gone).toMatchObject([["00-trace-2-01", { code: "INPUT_INVALID" }]]);
  });
});

describe("a tracer that fails", () => {
  const attempt = { queue: "q", task: "t", taskId: "r/0", attempt: 1, workerId: "w", headers: {}, isHeld: () => true };
  const tracer = (parts: Partial<Tracer>): Tracer => {
    const fail = () => {
      throw new Error("a fault of its own");
    };
    return { chooses: () => true, begin: fail, unsent: fail, within: fail, ...parts };
  };
  const failing = (parts: Partial<Tracer>) => Tracing.of(tracer(parts)) as Tracing;

  it("costs no task its send, and no attempt its handler", () => {
    expect(failing({}).begin("q", "t", "r", 0)).toBeUndefined();
    expect(failing({ begin: () => ({}) }).begin("q", "t", "r", 0)).toBeUndefined();
    failing({}).unsent("00-a-b-01", new Error("x"));
    expect(failing({}).within(attempt, () => 7)).toBe(7);
  });

  it.each<[string, unknown]>([
    ["no headers", undefined],
    ["a number", { traceparent: 5 }],
    ["nothing", { traceparent: "00-a-b-01", tracestate: undefined }],
    ["what JSON has no word for", { traceparent: "00-a-b-01", tracestate: 1n }],
    ["more than a worker reads", { traceparent: "00-a-b-01", baggage: "x".repeat(10_000) }],
  ])("costs no task anything with headers of %s: it goes untraced", async (_, headers) => {
    for (const packs of [false, true]) {
      const world = new MemoryWorld();
      const dispatcher = await world.dispatcher({ tracer: tracer({ begin: () => headers as never }) });
      await world.worker((payload) => payload);
      const run = dispatcher.run("default", [1, 2, 3], { packs, headers: { own: "\u0001".repeat(32_000) } });
      expect(await world.outcomes(run)).toEqual(["completed 1", "completed 2", "completed 3"]);
      expect(world.of("task_started").map(({ trace }) => trace)).toEqual([undefined, undefined, undefined]);
    }
  });

  it("as long as W3C allows, they travel, beside the longest of a task's own", async () => {
    const world = new MemoryWorld();
    const headers = { traceparent: "00-a-b-01", tracestate: "s".repeat(512), baggage: "b".repeat(8_192) };
    const dispatcher = await world.dispatcher({ tracer: tracer({ begin: () => headers }) });
    await world.worker((payload) => payload);
    const run = dispatcher.run("default", [1], { headers: { own: "\u0001".repeat(32_000) } });
    expect(await world.outcomes(run)).toEqual(["completed 1"]);
    expect(world.of("task_started")).toMatchObject([{ trace: "00-a-b-01" }]);
  });

  it("that rejects, where it may not be waited for, ends no process", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => void unhandled.push(error);
    process.on("unhandledRejection", note);
    const reject = async () => {
      throw new Error("a fault of its own");
    };
    const tracing = failing({ begin: reject as never, unsent: reject, within: reject as never });
    expect(tracing.begin("q", "t", "r", 0)).toBeUndefined();
    tracing.unsent("00-a-b-01", new Error("x"));
    expect(tracing.within(attempt, () => 7)).toBe(7);
    await new Promise((resolve) => setTimeout(resolve));
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });

  it("runs a handler once, whatever it does around it", () => {
    let runs = 0;
    const run = () => {
      runs += 1;
      return runs;
    };
    const twice: Tracer["within"] = (_, inner) => {
      inner();
      inner();
      throw new Error("after it");
    };
    expect([failing({ within: twice }).within(attempt, run), runs]).toEqual([1, 1]);
  });

  it("what the handler throws is the handler's", () => {
    const within: Tracer["within"] = (_, inner) => {
      try {
        return inner();
      } catch {
        throw new Error("another one");
      }
    };
    expect(() => failing({ within }).within(attempt, () => { throw new Error("boom"); })).toThrow("boom"); // biome-ignore format: one line
  });

  it("there is none: nothing is paid", () => {
    expect(Tracing.of(undefined)).toBeUndefined();
  });
});
