import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { type DispatchError, KIND, Retry } from "./errors.ts";
import type { RunOptions } from "./plan/options.ts";
import { type InputOptions, input, invalidInput } from "./send/input.ts";
import { MemoryWorld, WORK } from "./testing/memory-world.ts";
import type { Context } from "./work/task.ts";

const double = (payload: number) => payload * 2;
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("run", () => {
  it("gives each of 1,000 inputs its result", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const worker = await world.worker(double);
    const run = dispatcher.run<number, number>("default", numbers(1_000));
    const results = await world.until(run.results());
    expect(new Set(results.map(({ index }) => index)).size).toBe(1_000);
    for (const { index, value } of results) expect(value).toBe(index * 2);
    expect(run.summary).toMatchObject({
      total: 1_000,
      completed: 1_000,
      retried: 0,
      duplicates: 0,
      fenced: 0,
      orphans: 0,
    });
    await world.until(Promise.all([dispatcher.close(), worker.stop()]));
  });

  it("ordered: in the order of the inputs, though they end in another", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    await world.worker(
      (payload: number) => new Promise((resolve) => world.clock.after(100 - payload, () => resolve(payload))),
      { concurrency: 20 },
    );
    const run = dispatcher.run<number, number>("default", numbers(60), { ordered: true });
    const results = await world.until(run.results());
    expect(results.map(({ value }) => value)).toEqual(numbers(60));
  });

  it("takes an input's own options before the run's", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const order: unknown[] = [];
    const inputs = [
      "usual",
      input("high", { priority: 9, headers: { a: "own" }, id: "my-id" }),
      input("low", { priority: 1 }),
      input("later", { delayMs: 5_000 }),
      input("never", { deadlineMs: 0 }),
    ];
    const run = dispatcher.run<string, unknown>("default", inputs, { priority: 5, headers: { a: "run's" } });
    await world.clock.settle();
    await world.worker(
      (payload: string, { headers }: Context) => {
        order.push([payload, headers.a, world.clock.now()]);
      },
      { concurrency: 1 },
    );
    const results = await world.until(run.results());
    expect(order).toEqual([
      ["high", "own", 0],
      ["usual", "run's", 0],
      ["low", "run's", 0],
      ["later", "run's", 5_000],
    ]);
    expect(results.find(({ index }) => index === 1)?.ref).toBe("my-id");
    expect(results.find(({ index }) => index === 4)).toMatchObject({
      outcome: "expired",
      attempts: 0,
      error: { code: "EXPIRED" },
    });
  });

  it.each<[string, unknown, string]>([
    ["a malformed line", invalidInput("line 2: not JSON"), "INPUT_INVALID"],
    ["a payload without JSON", 1n, "INPUT_INVALID"],
    ["a function", () => 1, "INPUT_INVALID"],
    ["what does not let itself be asked", revoked.proxy, "INPUT_INVALID"],
    ["a priority that there is not", input(1, { priority: 11 }), "INPUT_INVALID"],
    ["an option that there is not", input(1, { prioritty: 3 } as never), "INPUT_INVALID"],
    ["options that are null", input(1, null as never), "INPUT_INVALID"],
    ["options that are a number", input(1, 5 as never), "INPUT_INVALID"],
    ["options of another copy that has none", { [KIND]: "Input", payload: 1 }, "INPUT_INVALID"],
    ["a payload above every limit", "x".repeat(16 * 1024 * 1024), "TOO_LARGE"],
  ])("an input that cannot be a task is dead, the others go on: %s", async (_, bad, code) => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    await world.worker(double);
    const run = dispatcher.run<unknown, number>("default", [1, bad, 3]);
    expect(await world.outcomes(run)).toEqual(["completed 2", `dead ${code}`, "completed 6"]);
  });

  it("takes a queue at its bound as back-pressure", async () => {
    const world = new MemoryWorld({ maxTasks: 5 });
    const dispatcher = await world.dispatcher();
    await world.worker(double, { concurrency: 2 });
    const run = dispatcher.run<number, number>("default", numbers(100));
    const { completed } = await world.until(run.finished());
    expect(completed).toBe(100);
  });

  it("keeps to maxInFlight while the queue is at its bound, however long", async () => {
    const world = new MemoryWorld({ maxTasks: 2 });
    const dispatcher = await world.dispatcher();
    // One a turn, so that the queue is at its bound before the window is.
    async function* inputs() {
      for (const index of numbers(100)) {
        await new Promise<void>((resolve) => world.clock.soon(resolve));
        yield index;
      }
    }
    const run = dispatcher.run<number, number>("default", inputs(), { maxInFlight: 5 });
    let most = 0;
    for (let look = 0; look < 60; look += 1) {
      await world.clock.advance(2_000);
      most = Math.max(most, run.progress.outstanding);
    }
    expect(most).toBe(5);
    await world.worker(double);
    expect((await world.until(run.finished())).completed).toBe(100);
  });

  it.each<[string, (run: { cancel(): void }) => void]>([["cancelled", (run) => run.cancel()]])(
    "sends nothing more once it was %s",
    async (_, stop) => {
      const world = new MemoryWorld({ maxTasks: 1 });
      const dispatcher = await world.dispatcher();
      const run = dispatcher.run<number, number>("default", numbers(3));
      await world.clock.settle();
      expect(await world.depth()).toBe("1/0/0");
      stop(run);
      await world.lose(WORK);
      await world.clock.advance(60_000);
      expect(await world.depth()).toBe("0/0/0");
    },
  );

  it("is cancelled by the caller's signal, and leaves no listener on it after 10,000 inputs", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const worker = await world.worker(double);
    const { signal } = new AbortController();
    let most = 0;
    function* inputs() {
      for (const index of numbers(10_000)) {
        if (index % 100 === 0) most = Math.max(most, getEventListeners(signal, "abort").length);
        yield index;
      }
    }
    const done = dispatcher.run<number, number>("default", inputs(), { signal });
    expect((await world.until(done.finished())).completed).toBe(10_000);
    expect([most, getEventListeners(signal, "abort")]).toEqual([1, []]);
    await world.until(worker.stop());

    const stop = new AbortController();
    const run = dispatcher.run<number, number>("default", numbers(3), { signal: stop.signal });
    await world.clock.settle();
    stop.abort();
    expect(await world.until(run.finished())).toMatchObject({ total: 3, cancelled: 3 });
    const already = dispatcher.run<number, number>("default", numbers(3), { signal: AbortSignal.abort() });
    expect(await world.until(already.finished())).toMatchObject({ total: 0 });
  });

  it("ends with TIMED_OUT after the global timeout, with what there is; what is left behind expires unread", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const run = dispatcher.run<number, number>("default", numbers(3), { globalTimeoutMs: 1_000 });
    const seen: string[] = [];
    const read = (async () => {
      for await (const { outcome, error } of run) seen.push(`${outcome} ${error?.code}`);
    })();
    await expect(world.until(read)).rejects.toMatchObject({ code: "TIMED_OUT" });
    expect(seen).toEqual(Array(3).fill("expired EXPIRED"));
    let called = 0;
    await world.worker(() => {
      called += 1;
    });
    await world.clock.advance(1_000);
    expect([called, world.of("task_expired").length]).toEqual([0, 3]);
    expect(world.of("result_duplicate")).toHaveLength(3);
  });

  it.each<[string, RunOptions, InputOptions, string | undefined]>([
    ["its own deadline", {}, { deadlineMs: 1_000 }, undefined],
    ["that of all tasks of a run that has time", { deadlineMs: 1_000, globalTimeoutMs: 60_000 }, {}, undefined],
    ["the end of its run", { globalTimeoutMs: 1_000 }, {}, "TIMED_OUT"],
  ])("nobody waits for a retry that comes after %s", async (_, options, own, thrown) => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    await world.worker(() => {
      throw new Retry("later", { delayMs: 3_600_000 });
    });
    const run = dispatcher.run("default", [input(1, own)], options);
    const seen: unknown[] = [];
    const read = (async () => {
      for await (const { outcome, attempts, error } of run) seen.push([outcome, attempts, error?.code]);
    })().catch((error: DispatchError) => error.code);
    expect(await world.until(read)).toBe(thrown);
    expect(seen).toEqual([["expired", 1, "EXPIRED"]]);
    expect(world.clock.now()).toBeLessThan(1_000);
    expect(world.of("task_expired")).toHaveLength(1);
    expect(world.of("queue_requeued")).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ["a failure", new Error("disk"), "disk"],
    ["a text", "disk", "disk"],
    ["undefined", undefined, "undefined"],
  ])("an input that breaks off with %s: what was sent goes on, then it is thrown", async (_, thrown, message) => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    await world.worker(double);
    async function* inputs() {
      yield 1;
      yield 2;
      throw thrown;
    }
    const run = dispatcher.run<number, number>("default", inputs());
    const seen: unknown[] = [];
    const read = (async () => {
      for await (const { value } of run) seen.push(value);
    })();
    await expect(world.until(read)).rejects.toThrow(message);
    expect(seen.toSorted()).toEqual([2, 4]);
  });

  it.each<[string, () => unknown, string]>([
    ["an unknown option", () => ({ maxInFlite: 3 }), "CONFIG_INVALID"],
    ["a priority out of range", () => ({ priority: 11 }), "CONFIG_INVALID"],
    ["a window of nothing", () => ({ maxInFlight: 0 }), "CONFIG_INVALID"],
    ["no time at all", () => ({ globalTimeoutMs: 0 }), "CONFIG_INVALID"],
    ["an id for all", () => ({ id: "x" }), "CONFIG_INVALID"],
  ])("refuses %s before it begins", async (_, options, code) => {
    const dispatcher = await new MemoryWorld().dispatcher();
    expect(() => dispatcher.run("default", [], options() as never)).toThrow(expect.objectContaining({ code }));
  });

  it("refuses a name that is none, and inputs that are none", async () => {
    const dispatcher = await new MemoryWorld().dispatcher();
    for (const name of ["", "a b", "../x", "x".repeat(129)])
      expect(() => dispatcher.run(name, [])).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    for (const inputs of [undefined, null, 5, {}])
      expect(() => dispatcher.run("default", inputs as never)).toThrow(
        expect.objectContaining({ code: "CONFIG_INVALID" }),
      );
  });

  it("several runs at a time have each its own results", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    await world.worker(double);
    const runs = numbers(5).map((at) =>
      dispatcher.run<number, number>(
        "default",
        numbers(20).map((n) => n + at * 100),
      ),
    );
    const all = await world.until(Promise.all(runs.map((run) => run.results())));
    all.forEach((results, at) => {
      expect(results.map(({ value }) => value).toSorted()).toEqual(
        numbers(20)
          .map((n) => (n + at * 100) * 2)
          .toSorted(),
      );
    });
  });
});
