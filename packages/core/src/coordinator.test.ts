import { describe, expect, it } from "vitest";
import { beatFrames } from "./codec/maker.ts";
import type { Beat, OutFrame } from "./contract/index.ts";
import { replyQueue } from "./queues.ts";
import { outFrame, RUN } from "./testing/frames.ts";
import { MemoryWorld, WORK } from "./testing/memory-world.ts";
import type { Context } from "./work/task.ts";

const REPLY = replyQueue("default", "c1");
const LEASE_MS = 3_000;
const options = { leaseMs: LEASE_MS, resendAfterMs: 9_000, heartbeatTimeoutMs: 1_500 };
const echo = (payload: unknown) => payload;

async function start() {
  const world = new MemoryWorld();
  const dispatcher = await world.dispatcher(options);
  const worker = (handler: (payload: never, context: Context) => unknown, id = "w1") =>
    world.worker(handler, { id, leaseMs: LEASE_MS, concurrency: 4 });
  const beat = (more: Partial<Beat>) =>
    world.put(
      REPLY,
      beatFrames(
        { worker: "w9", slots: 1, busy: 1, held: undefined, retries: [], progress: [], ...more },
        0,
        9_999,
      )[0] as OutFrame,
    );
  return { world, dispatcher, worker, beat };
}

describe("a worker with a longer lease than the dispatcher's", () => {
  it("may be silent for longer: what it holds is not lost, and is run once", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher({ leaseMs: 1_000 });
    let runs = 0;
    const slow = (payload: number) => {
      runs += 1;
      return new Promise((resolve) => world.clock.after(payload < 2 ? 290_000 : 2_000, () => resolve(payload)));
    };
    await world.worker(slow as never, { concurrency: 8 });
    const inputs = Array.from({ length: 400 }, (_, index) => index);
    const run = dispatcher.run<number, number>("default", inputs, { packs: false });
    const results = await world.until(run.results());
    expect(results.filter(({ outcome }) => outcome === "completed")).toHaveLength(400);
    expect([runs, run.summary.resent, world.of("heartbeat_timeout")]).toEqual([400, 0, []]);
    expect(world.of("warning")).toMatchObject([
      { code: "MISMATCH", message: expect.stringContaining("leaseMs of 60000") },
    ]);
  });

  it("is known to be gone when its own lease says so", async () => {
    const { world, dispatcher, beat } = await start();
    const run = dispatcher.run("default", [1]);
    await world.clock.settle();
    await beat({ held: [], leaseMs: 30_000 });
    await beat({ held: [["other", 0]], leaseMs: 30_000 });
    await world.clock.advance(14_000);
    expect(world.of("heartbeat_timeout")).toEqual([]);
    await world.clock.advance(2_000);
    expect(world.of("heartbeat_timeout")).toMatchObject([{ workerId: "w9", held: 1 }]);
    run.cancel();
  });
});

describe("what the broker has lost", () => {
  it("is sent again as the next round when later tasks have come back", async () => {
    const { world, dispatcher, worker } = await start();
    const run = dispatcher.run<number, number>("default", [0, 1]);
    await world.clock.settle();
    expect(await world.lose(WORK)).toBe(2);
    await world.clock.advance(1);
    await worker((payload: number, { fence }: Context) => [payload, fence]);
    const later = dispatcher.run<number, number>("default", [7]);
    await world.until(later.finished());
    const results = await world.until(run.results());
    expect(results.map(({ value }) => value).toSorted()).toEqual([[0, 2 ** 32], [1, 2 ** 32]]);
    expect(run.summary).toMatchObject({ completed: 2, resent: 2, duplicates: 0 });
    expect(world.of("task_resent").map(({ round }) => round)).toEqual([1, 1]);
    expect(world.clock.now()).toBeGreaterThanOrEqual(9_000);
    expect(world.clock.now()).toBeLessThanOrEqual(20_000);
  }); // biome-ignore format: a table

  it("at the end of a run, with nothing behind it, is found out by a probe", async () => {
    const { world, dispatcher, worker } = await start();
    const run = dispatcher.run<number, number>("default", [5]);
    await world.clock.settle();
    await world.lose(WORK);
    await worker(echo);
    expect(await world.outcomes(run)).toEqual(["completed 5"]);
    expect(run.summary.resent).toBe(1);
  });

  it("again and again is dead VANISHED", async () => {
    const { world, dispatcher, worker } = await start();
    const run = dispatcher.run<number, number>("default", [0]);
    await world.clock.settle();
    await world.lose(WORK);
    // The broker loses each round of it, and lets the probes through.
    const send = world.backend.send.bind(world.backend);
    world.backend.send = async (queue, frames, signal) => {
      const kept = frames.filter(({ name }) => queue.role !== "work" || !name.startsWith(run.id));
      if (kept.length > 0) await send(queue, kept, signal);
      return frames.map(() => "ok");
    };
    await worker(echo);
    expect(await world.outcomes(run)).toEqual(["dead VANISHED"]);
    expect(run.summary).toMatchObject({ resent: 2, dead: 1 });
  });

  it("is not looked for in a backlog: without a worker nothing is ever sent again", async () => {
    const { world, dispatcher } = await start();
    const run = dispatcher.run<number, number>("default", [0, 1, 2]);
    await world.clock.advance(6 * 3_600_000);
    expect(run.summary.resent).toBe(0);
    // The tasks, and one probe behind them for each resendAfterMs at most.
    const [ready] = (await world.depth()).split("/");
    expect(Number(ready)).toBeGreaterThanOrEqual(4);
    expect(Number(ready)).toBeLessThanOrEqual(3 + (6 * 3_600_000) / 9_000 + 1);
  });

  it("is not what runs long: beats speak for it", async () => {
    const { world, dispatcher, worker } = await start();
    let finish!: (value: unknown) => void;
    await worker((payload: unknown) => (payload === 0 ? new Promise((resolve) => (finish = resolve)) : payload));
    const run = dispatcher.run<number, number>("default", [0]);
    for (let minute = 0; minute < 4; minute += 1) {
      await world.clock.advance(60_000);
      await world.until(dispatcher.run<number, number>("default", [9]).finished());
    }
    finish("done");
    expect(await world.outcomes(run)).toEqual(['completed "done"']);
    expect([run.summary.resent, world.of("heartbeat_timeout")]).toEqual([0, []]);
  });

  it("is not what waits for its retry, nor what was delayed", async () => {
    const { world, dispatcher, worker } = await start();
    await worker((payload: unknown, { attempt }: Context) => {
      if (payload === "retry" && attempt === 1)
        throw Object.assign(new Error("x"), { [Symbol.for("@org/dispatch-core/kind")]: "Retry", delayMs: 600_000 });
      return payload;
    });
    const retried = dispatcher.run<string, string>("default", ["retry"]);
    const delayed = dispatcher.run<string, string>("default", ["delayed"], { delayMs: 600_000 });
    for (let minute = 0; minute < 9; minute += 1) {
      await world.clock.advance(60_000);
      await world.until(dispatcher.run<number, number>("default", [9]).finished());
    }
    expect(await world.outcomes(retried)).toEqual(['completed "retry"']);
    expect(await world.outcomes(delayed)).toEqual(['completed "delayed"']);
    expect([retried.summary.resent, delayed.summary.resent]).toEqual([0, 0]);
  });
});

describe("workers", () => {
  it("are active while they have something in hand", async () => {
    const { world, dispatcher, worker } = await start();
    let finish!: (value: unknown) => void;
    await worker(() => new Promise((resolve) => (finish = resolve)));
    const run = dispatcher.run<number, number>("default", [0]);
    await world.clock.advance(LEASE_MS);
    expect(run.progress.activeWorkers).toBe(1);
    expect(world.of("run_started")[0]?.progress()).toMatchObject({
      total: 1,
      sent: 1,
      outstanding: 1,
      activeWorkers: 1,
    });
    const seen = { queue: "default", busy: 1, held: 1 };
    expect(world.of("beat_sent").at(-1)).toMatchObject(seen);
    expect(world.of("beat_received").at(-1)).toMatchObject(seen);
    finish(1);
    await world.until(run.finished());
    await world.clock.settle();
    expect(run.progress.activeWorkers).toBe(0);
  });

  it("that go silent are said to be so, once; what they bring later is taken all the same", async () => {
    const { world, dispatcher, beat } = await start();
    const run = dispatcher.run<number, number>("default", [0]);
    await world.clock.settle();
    await beat({ held: [[run.id, 0]] });
    await world.clock.advance(100_000);
    expect(world.of("heartbeat_timeout")).toMatchObject([{ queue: "default", workerId: "w9", held: 1 }]);
    const [{ silentMs } = { silentMs: 0 }] = world.of("heartbeat_timeout");
    expect(silentMs).toBeGreaterThanOrEqual(1_500);
    expect(silentMs).toBeLessThanOrEqual(2 * 1_500);
    expect(run.progress.activeWorkers).toBe(0);
  });

  it("report progress to the observer, under the task's id", async () => {
    const { world, dispatcher, worker } = await start();
    await worker((_: unknown, context: Context) => {
      context.progress({ percent: 50 });
      return 1;
    });
    const run = dispatcher.run<number, number>("default", [0]);
    await world.until(run.finished());
    await world.clock.settle();
    expect(world.of("task_progress")).toEqual([
      { event: "task_progress", queue: "default", taskId: `${run.id}/0`, workerId: "w1", value: { percent: 50 } },
    ]);
  });

  it("whose beats name what nobody knows harm nobody", async () => {
    const { world, dispatcher, beat, worker } = await start();
    const run = dispatcher.run<number, number>("default", [0]);
    await world.clock.settle();
    await beat({ held: [["nobody", 0], [run.id, 77], ["__proto__", 1]], retries: [[run.id, 9, 5], ["x", 0, -5]], progress: [["__proto__", 0, 1]] });
    await world.clock.settle();
    await worker(echo);
    expect(await world.outcomes(run)).toEqual(["completed 0"]);
  }); // biome-ignore format: a table
});

describe("results", () => {
  it("of an earlier process under the same id are orphans: each is an event, and none is lost", async () => {
    const world = new MemoryWorld();
    await world.open(WORK, REPLY);
    await world.put(WORK, outFrame({ index: 3, payload: "old" }), outFrame({ index: 4, payload: "older" }));
    await world.worker(echo);
    await world.clock.settle();
    const dispatcher = await world.dispatcher();
    await world.clock.settle();
    expect(world.of("orphan").map(({ taskId, result }) => [taskId, result.outcome, result.value])).toEqual([
      [`${RUN}/3`, "completed", "old"],
      [`${RUN}/4`, "completed", "older"],
    ]);
    const run = dispatcher.run<number, number>("default", [1]);
    await world.until(run.finished());
    expect(run.summary).toMatchObject({ total: 1, orphans: 2, duplicates: 0 });
    const next = dispatcher.run<number, number>("default", [1]);
    await world.until(next.finished());
    expect(next.summary).toMatchObject({ total: 1, orphans: 0 });
  });

  it("that come after the end of their run are duplicates, not orphans", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const run = dispatcher.run<number, number>("default", [1]);
    await world.clock.settle();
    run.cancel();
    await world.worker(echo);
    await world.clock.settle();
    expect(world.of("orphan")).toEqual([]);
    expect(world.of("result_duplicate")).toMatchObject([
      { taskId: `${run.id}/0`, outcome: "completed", fenced: false },
    ]);
  });

  it("two for one task: the first counts", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const run = dispatcher.run<number, unknown>("default", [0, 1]);
    await world.clock.settle();
    const deliveries = await world.take(WORK, 2, 100);
    const [copy] = deliveries;
    await world.clock.advance(100);
    await world.put(WORK, {
      ...outFrame(),
      bytes: copy?.bytes as Uint8Array,
      id: "again",
      name: "again",
      first: false,
      priority: 5,
      delayMs: 0,
      key: undefined,
    });
    let calls = 0;
    await world.worker((payload: unknown) => {
      calls += 1;
      return payload === 1 ? new Promise((resolve) => world.clock.after(1_000, () => resolve(1))) : calls;
    });
    const outcomes = await world.outcomes(run);
    expect(outcomes[1]).toBe("completed 1");
    expect(calls).toBe(3);
    expect(run.summary.duplicates + run.summary.fenced).toBe(1);
  });
});
