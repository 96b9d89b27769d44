import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { DispatchEvent } from "../contract/index.ts";
import type { DispatchError } from "../errors.ts";
import { endless, keptOf, RunBench, readRun } from "../testing/run-bench.ts";
import type { RunPort } from "./run-port.ts";

const revoked = Proxy.revocable({}, {});
revoked.revoke();

describe("the end", () => {
  it("cancel: ends what is outstanding at once, keeps what came, counts what comes late", async () => {
    const bench = new RunBench();
    const seen = readRun(bench.run);
    void bench.feed(endless());
    await bench.clock.settle();
    const { total } = bench.run.progress;
    bench.accept(1);
    bench.run.cancel();
    bench.run.cancel();
    await bench.clock.settle();
    expect([seen.ended, seen.thrown, bench.ended]).toEqual([true, undefined, 1]);
    expect(seen.outcomes.filter((outcome) => outcome === "cancelled CANCELLED")).toHaveLength(total - 1);
    expect(bench.accept(0)).toBeUndefined();
    expect(bench.run.summary).toMatchObject({ completed: 1, cancelled: total - 1, total });
    expect([bench.open.stopsInput.aborted, bench.open.stopsSending.aborted]).toEqual([true, true]);
  });

  it("cancel: nothing is taken afterwards, also not what the source was just about to give", async () => {
    const bench = new RunBench();
    function* inputs() {
      yield 0;
      bench.run.cancel();
      yield 1;
    }
    await bench.feed(inputs());
    await bench.clock.settle();
    expect(bench.posted).toHaveLength(1);
    expect(bench.run.progress).toMatchObject({ total: 1, outstanding: 0, cancelled: 1 });
  });

  it("endInput: takes no more, and what is outstanding goes on", async () => {
    const bench = new RunBench();
    const seen = readRun(bench.run);
    const fed = bench.feed(endless());
    await bench.clock.settle();
    bench.run.endInput();
    await fed;
    const { total, inputEnded } = bench.run.progress;
    expect(inputEnded).toBe(true);
    expect(seen.ended).toBe(false);
    for (let index = 0; index < total; index += 1) bench.accept(index);
    await bench.clock.settle();
    expect([seen.ended, seen.thrown, bench.run.summary.completed]).toEqual([true, undefined, total]);
  });

  it("after the global timeout: partial results, the outstanding ones expired, then TIMED_OUT", async () => {
    const bench = new RunBench({ globalTimeoutMs: 1_000 });
    const seen = readRun(bench.run);
    const finished = bench.run.finished().catch((error: DispatchError) => error.code);
    await bench.feed([0, 1, 2]);
    bench.accept(1);
    await bench.clock.advance(999);
    expect(seen.ended).toBe(false);
    await bench.clock.advance(1);
    expect(seen).toEqual({
      indexes: [1, 0, 2],
      outcomes: ["completed", "expired EXPIRED", "expired EXPIRED"],
      ended: true,
      thrown: "TIMED_OUT",
    });
    expect(await finished).toBe("TIMED_OUT");
    expect(bench.run.summary).toMatchObject({ total: 3, completed: 1, expired: 2, durationMs: 1_000 });
    expect(bench.of("run_finished")).toMatchObject([{ code: "TIMED_OUT" }]);
  });

  it("the global timeout stops an input that never ends, and changes nothing after an earlier end", async () => {
    const stuck = new RunBench({ globalTimeoutMs: 1_000 });
    const fed = stuck.feed({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) });
    await stuck.clock.advance(1_000);
    await fed;
    await expect(stuck.run.finished()).rejects.toMatchObject({ code: "TIMED_OUT" });
    const quick = new RunBench({ globalTimeoutMs: 1_000 });
    expect(quick.clock.set.size).toBe(1);
    await quick.feed([]);
    expect(quick.clock.set.size).toBe(0);
    await quick.clock.advance(2_000);
    await expect(quick.run.finished()).resolves.toMatchObject({ durationMs: 0 });
  });

  it.each<[string, unknown, RegExp]>([
    ["an error", new RangeError("line 3"), /^line 3$/],
    ["a text", "line 3", /^line 3$/],
    ["null", null, /^null$/],
    ["nothing", undefined, /^undefined$/],
    ["what cannot be printed", revoked.proxy, /^an error that cannot be printed$/],
  ])(
    "an input that fails with %s: what was sent goes on, and the error comes after the last result",
    async (name, thrown, message) => {
      const bench = new RunBench();
      const seen = readRun(bench.run);
      function* inputs() {
        yield 0;
        yield 1;
        throw thrown;
      }
      await bench.feed(inputs());
      bench.accept(0);
      await bench.clock.settle();
      expect([seen.indexes, seen.ended]).toEqual([[0], false]);
      bench.accept(1);
      await bench.clock.settle();
      expect([seen.indexes, seen.ended]).toEqual([[0, 1], true]);
      expect(seen.thrown).toBeInstanceOf(Error);
      expect((seen.thrown as Error).message).toMatch(message);
      if (name === "an error") expect(seen.thrown).toBe(thrown);
      await expect(bench.run.finished()).rejects.toBe(seen.thrown);
    },
  );

  it.each<[string, Partial<RunPort<unknown>>]>([
    ["at once", {}],
    ["later", { make: (payload, index) => (payload === "broken" ? Promise.reject(new TypeError("a fault of ours")) : keptOf(index)) }], // biome-ignore format: one line each
  ])(
    "a fault of ours in making a frame ends the run, with an outcome for each input, and is not hidden: %s",
    async (_, options) => {
      const bench = new RunBench(options);
      const seen = readRun(bench.run);
      await bench.feed([0, "broken", 2]);
      await bench.clock.settle();
      expect(seen.outcomes).toEqual(seen.outcomes.map(() => "cancelled CANCELLED"));
      expect(seen.indexes).toHaveLength(bench.run.progress.total);
      expect(seen.thrown).toEqual(new TypeError("a fault of ours"));
      await expect(bench.run.finished()).rejects.toThrow("a fault of ours");
    },
  );

  it("async disposal cancels, and waits for the end", async () => {
    const bench = new RunBench();
    await bench.feed([0]);
    {
      await using run = bench.run;
      expect(run.progress.outstanding).toBe(1);
    }
    expect(bench.run.summary.cancelled).toBe(1);
  });

  it("leaves no listener on its own signals after 10,000 inputs", async () => {
    const bench = new RunBench({ maxInFlight: 20_000 });
    const finished = bench.run.finished();
    const fed = bench.feed(
      (async function* () {
        for (let index = 0; index < 10_000; index += 1) yield index;
      })(),
    );
    await fed;
    for (let index = 0; index < 10_000; index += 1) bench.accept(index);
    await finished;
    expect(getEventListeners(bench.open.stopsInput, "abort")).toEqual([]);
    expect(getEventListeners(bench.open.stopsSending, "abort")).toEqual([]);
  });
});

describe("a run that its observer ends in the middle of something", () => {
  /** Ends the run when it is told so; whatever is told after the end is one too many. */
  function ending(event: DispatchEvent["event"], options: Partial<RunPort<unknown>> = {}) {
    const events: DispatchEvent[] = [];
    const bench: RunBench = new RunBench({
      observer: (one) => {
        events.push(one);
        if (one.event === event) bench.run.cancel();
      },
      ...options,
    });
    return { bench, events, seen: readRun(bench.run) };
  }
  const endings = (events: readonly DispatchEvent[]) =>
    events.flatMap((one) => (one.event === "task_ended" ? [`${one.taskId.split("/")[1]} ${one.outcome}`] : []));
  /** Each task has one outcome, for its reader, its observer, and in the books; the end comes last. */
  function expectOneEach({ bench, events, seen }: ReturnType<typeof ending>, total: number): void {
    expect(seen.ended).toBe(true);
    const indexes = Array.from({ length: total }, (_, index) => index);
    expect(seen.indexes.toSorted((a, b) => a - b)).toEqual(indexes);
    expect(endings(events).map((said) => Number(said.split(" ")[0])).toSorted((a, b) => a - b)).toEqual(indexes); // biome-ignore format: one line
    expect(bench.ended).toBe(1);
    expect(events.findLastIndex((one) => one.event === "task_ended")).toBeLessThan(
      events.findIndex((one) => one.event === "run_finished"),
    );
    expect(events.find((one) => one.event === "run_finished")).toMatchObject({ total });
  }

  it.each([false, true])("as the first task ends (ordered: %s)", async (ordered) => {
    const run = ending("task_ended", { ordered });
    await run.bench.feed([0, 1, 2, 3]);
    run.bench.accept(1);
    await run.bench.clock.settle();
    expectOneEach(run, 4);
    if (ordered) expect(run.seen.indexes).toEqual([0, 1, 2, 3]);
    expect(run.bench.run.summary).toMatchObject({ completed: 1, cancelled: 3 });
  });

  it("as what it cancels ends", async () => {
    const run = ending("task_ended");
    await run.bench.feed([0, 1, 2, 3]);
    run.bench.run.cancel();
    await run.bench.clock.settle();
    expectOneEach(run, 4);
  });

  it("as a task ends whose value comes alone, and the input goes on", async () => {
    const run = ending("task_ended", { ordered: true });
    const fed = run.bench.feed(endless());
    await run.bench.clock.settle();
    run.bench.open.acceptPlain(1, 1, "value");
    await fed;
    await run.bench.clock.settle();
    expectOneEach(run, run.bench.run.progress.total);
  });

  it("as it is told that a task was sent whose result is there already", async () => {
    const run = ending("queue_dispatched");
    run.bench.answering = false;
    await run.bench.feed([0, 1]);
    expect(run.bench.accept(0)).toBeUndefined();
    await run.bench.clock.settle();
    expectOneEach(run, 2);
    expect(run.bench.run.summary).toMatchObject({ cancelled: 2 });
  });

  it("as it is told that a task has vanished", async () => {
    const run = ending("task_ended");
    await run.bench.feed([0, 1, 2]);
    const passed = new Array<number>(11).fill(1_000);
    const known = { repliesRead: true, queueEmpty: true, goneMs: 0, resendAfterMs: 1, maxResends: 0 };
    run.bench.open.look({ now: 500, elapsedMs: 500, passed, ...known });
    run.bench.open.look({ now: 600, elapsedMs: 100, passed, ...known });
    await run.bench.clock.settle();
    expectOneEach(run, 3);
    expect(run.bench.run.summary).toMatchObject({ dead: 1, cancelled: 2 });
  });
});
