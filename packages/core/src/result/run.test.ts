import { describe, expect, it } from "vitest";
import { RUN } from "../testing/frames.ts";
import { endless, RunBench, readRun } from "../testing/run-bench.ts";

describe("a run", () => {
  it("gives each input one result, and ends when the input has ended and nothing is outstanding", async () => {
    const bench = new RunBench();
    const seen = readRun(bench.run);
    await bench.feed(["a", "b", "c"]);
    await bench.clock.advance(1_000);
    for (const index of [2, 0]) bench.accept(index);
    await bench.clock.settle();
    expect([seen.indexes, seen.ended, bench.ended]).toEqual([[2, 0], false, 0]);
    bench.accept(1, "dead", { error: { name: "Error", message: "x", code: "REJECTED" } });
    await bench.clock.settle();
    expect([seen.outcomes, seen.ended, seen.thrown, bench.ended]).toEqual([
      ["completed", "completed", "dead REJECTED"],
      true,
      undefined,
      1,
    ]);
    expect(bench.run.summary).toMatchObject({
      run: RUN,
      total: 3,
      completed: 2,
      dead: 1,
      durationMs: 1_000,
      orphans: 2,
    });
    expect(bench.of("run_finished")).toEqual([{ event: "run_finished", queue: "default", ...bench.run.summary }]);
    expect(bench.of("task_ended")).toHaveLength(3);
  });

  it("has results with the index, the id, the user's id, the value, and the counters", async () => {
    const bench = new RunBench();
    await bench.feed(["a"]);
    bench.accept(0, "completed", { attempts: 3, lost: 1, durationMs: 7 });
    expect(await bench.run.results()).toEqual([
      {
        index: 0,
        id: `${RUN}/0`,
        ref: "a",
        outcome: "completed",
        value: "value 0",
        attempts: 3,
        lost: 1,
        durationMs: 7,
      },
    ]);
  });

  it("is over at once when there is no input", async () => {
    const bench = new RunBench();
    await bench.feed([]);
    const finished = bench.run.finished();
    await expect(bench.run.results()).resolves.toEqual([]);
    await expect(finished).resolves.toMatchObject({ total: 0, tasksPerSecond: 0 });
  });

  it("says where it stands", async () => {
    const bench = new RunBench();
    bench.answering = false;
    await bench.feed([0, 1, 2]);
    bench.posted[0]?.done("ok");
    bench.accept(0, "completed", { attempts: 2 });
    expect(bench.run.progress).toEqual({
      total: 3,
      sent: 1,
      outstanding: 2,
      completed: 1,
      dead: 0,
      expired: 0,
      cancelled: 0,
      retried: 1,
      activeWorkers: 3,
      inputEnded: true,
    });
  });

  it("ends an input that cannot be a task as dead, and goes on with the others", async () => {
    const bench = new RunBench();
    const seen = readRun(bench.run);
    await bench.feed([0, "bad", 2, "large"]);
    for (const index of [0, 2]) bench.accept(index);
    await bench.clock.settle();
    expect(seen.indexes).toEqual([1, 3, 0, 2]);
    expect(seen.outcomes.slice(0, 2)).toEqual(["dead INPUT_INVALID", "dead TOO_LARGE"]);
    expect(bench.run.summary).toMatchObject({ total: 4, completed: 2, dead: 2 });
    expect(bench.posted).toHaveLength(2);
  });

  it("counts results for what has its outcome, and accepts none", async () => {
    const bench = new RunBench();
    await bench.feed([0, 1]);
    const accepted = [bench.accept(0), bench.accept(0), bench.accept(0, "dead", { attempts: 2 }), bench.accept(99)];
    expect(accepted.map((kept) => kept?.first)).toEqual([0, undefined, undefined, undefined]);
    expect(bench.run.summary).toMatchObject({ total: 1, completed: 1, dead: 0, duplicates: 2, fenced: 1 });
    expect(bench.of("result_duplicate").map((event) => "fenced" in event && event.fenced)).toEqual([
      false,
      true,
      false,
    ]);
  });
});

describe("finished", () => {
  it("needs no iteration: results are dropped, and the window opens for more", async () => {
    const bench = new RunBench({ maxInFlight: 2 });
    const finished = bench.run.finished();
    const fed = bench.feed(Array.from({ length: 100 }, (_, index) => index));
    for (let index = 0; index < 100; index += 1) {
      await bench.clock.settle();
      expect(bench.run.progress.outstanding).toBeLessThanOrEqual(2);
      bench.accept(index);
    }
    await fed;
    await expect(finished).resolves.toMatchObject({ total: 100, completed: 100 });
  });

  it("called late still opens the window that nobody reads", async () => {
    const bench = new RunBench({ maxInFlight: 2 });
    void bench.feed([0, 1, 2, 3]);
    await bench.clock.settle();
    for (const index of [0, 1]) bench.accept(index);
    await bench.clock.settle();
    expect(bench.run.progress.total).toBe(2);
    const finished = bench.run.finished();
    await bench.clock.settle();
    expect(bench.run.progress.total).toBe(4);
    for (const index of [2, 3]) bench.accept(index);
    await expect(finished).resolves.toMatchObject({ total: 4 });
  });

  it("drops nothing where somebody iterates, whichever came first", async () => {
    for (const finishFirst of [true, false]) {
      const bench = new RunBench();
      const before = finishFirst ? bench.run.finished() : undefined;
      const results = bench.run.results();
      const finished = before ?? bench.run.finished();
      await bench.feed([0, 1]);
      await bench.clock.settle();
      for (const index of [0, 1]) bench.accept(index);
      expect((await results).map(({ index }) => index)).toEqual([0, 1]);
      await expect(finished).resolves.toMatchObject({ total: 2 });
    }
  });
});

describe("results that finished() has dropped", () => {
  it.each(["before the end", "after the end"])("are refused to who asks for them too late: %s", async (when) => {
    const bench = new RunBench();
    const finished = bench.run.finished();
    await bench.feed([0, 1]);
    await bench.clock.settle();
    if (when === "after the end") for (const index of [0, 1]) bench.accept(index);
    const refused = { code: "UNSUPPORTED", message: expect.stringContaining("finished") };
    await expect(bench.run.results()).rejects.toMatchObject(refused);
    expect(() => bench.run[Symbol.asyncIterator]()).toThrow(expect.objectContaining(refused));
    if (when === "before the end") for (const index of [0, 1]) bench.accept(index);
    await expect(finished).resolves.toMatchObject({ completed: 2 });
  });
});

describe("the reader", () => {
  it("slows the input down: outstanding and unread together stay within the window", async () => {
    const bench = new RunBench({ maxInFlight: 3 });
    const iterator = bench.run[Symbol.asyncIterator]();
    void bench.feed(endless());
    await bench.clock.settle();
    expect(bench.run.progress.total).toBe(3);
    for (const index of [0, 1, 2]) bench.accept(index);
    await bench.clock.settle();
    expect(bench.run.progress.total).toBe(3);
    await iterator.next();
    await bench.clock.settle();
    expect(bench.run.progress.total).toBe(4);
    await iterator.return?.();
  });

  it("leaving the loop cancels the run, and it ends", async () => {
    const bench = new RunBench();
    const fed = bench.feed(endless());
    await bench.clock.settle();
    bench.accept(0);
    for await (const result of bench.run) {
      expect(result.index).toBe(0);
      break;
    }
    await fed;
    const { total, completed, cancelled } = await bench.run.finished();
    expect([completed, cancelled]).toEqual([1, total - 1]);
    expect(bench.ended).toBe(1);
  });

  it("throwing in the loop cancels the run, too", async () => {
    const bench = new RunBench();
    await bench.feed([0, 1]);
    bench.accept(0);
    const loop = async () => {
      for await (const _ of bench.run) throw new Error("mine");
    };
    await expect(loop()).rejects.toThrow("mine");
    await expect(bench.run.finished()).resolves.toMatchObject({ completed: 1, cancelled: 1 });
  });

  it("iterates once", async () => {
    const bench = new RunBench();
    const first = readRun(bench.run);
    expect(() => bench.run[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
    await expect(bench.run.results()).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await bench.feed([]);
    await bench.clock.settle();
    expect(first.ended).toBe(true);
  });

  it("ordered: gets the order of the inputs, and the window stalls instead of holding what is early without bound", async () => {
    const bench = new RunBench({ ordered: true, maxInFlight: 4 });
    const seen = readRun(bench.run);
    void bench.feed(endless());
    await bench.clock.settle();
    for (const index of [3, 2, 1]) bench.accept(index);
    await bench.clock.settle();
    expect([seen.indexes, bench.run.progress.total]).toEqual([[], 4]);
    bench.accept(0);
    await bench.clock.settle();
    expect([seen.indexes, bench.run.progress.total]).toEqual([[0, 1, 2, 3], 8]);
    bench.run.cancel();
    await bench.clock.settle();
    expect(seen.indexes).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("ordered: an input that is invalid has its place", async () => {
    const bench = new RunBench({ ordered: true });
    const seen = readRun(bench.run);
    await bench.feed([0, "bad", 2]);
    for (const index of [2, 0]) bench.accept(index);
    await bench.clock.settle();
    expect(seen.indexes).toEqual([0, 1, 2]);
  });
});
