import { describe, expect, it } from "vitest";
import type { OutFrame } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import type { Eventual } from "../eventual.ts";
import { workQueue } from "../queues.ts";
import { outFrame, RUN } from "../testing/frames.ts";
import { keptOf, type Posted, RunBench, readRun } from "../testing/run-bench.ts";
import { KeptFrame } from "./kept-frame.ts";
import type { Packable, RunPort } from "./run-port.ts";

const WORK = workQueue("default");
const PACK = outFrame({ index: 0, payload: "a pack" });
const tooLarge = () => new DispatchError("TOO_LARGE", "a byte too many");

/** A run of which every input but a text travels with others; the test plays the packer. */
function packBench(options: Partial<RunPort<unknown>> = {}) {
  const waiting: Packable[] = [];
  const flushed: number[] = [];
  let onFlush = () => {};
  const bench = new RunBench({
    make: (payload, index) =>
      typeof payload === "string" ? keptOf(index, payload) : { index, sizeBytes: Number(payload) },
    refOf: () => undefined,
    pack: (task) => waiting.push(task),
    flush: () => {
      flushed.push(waiting.length);
      onFlush();
    },
    packRest: () => {
      flushed.push(waiting.length);
      onFlush();
    },
    apart: ({ first }) => outFrame({ index: first, payload: "apart" }),
    ...options,
  });
  bench.answering = false;
  const send = (make: () => Eventual<OutFrame> = () => PACK, tasks = waiting.splice(0)) => {
    const indexes = tasks.map(({ index }) => index);
    const kept = new KeptFrame({ queue: WORK, band: 5, delayMs: 0 }, indexes[0] ?? 0, tasks.length, indexes);
    bench.open.sendPack(tasks, kept, make);
  };
  /** The indexes of the frames that were sent. */
  const sent = () => bench.posted.map(({ frame }) => (frame === PACK ? "pack" : frame.id.split("/")[1]));
  const flushBy = (flush: () => void) => {
    onFlush = flush;
  };
  return { bench, waiting, flushed, send, sent, flushBy, seen: readRun(bench.run) };
}

function pending() {
  let resolve!: (frame: OutFrame) => void;
  let reject!: (error: unknown) => void;
  const frame = new Promise<OutFrame>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { make: () => frame, resolve: () => resolve(PACK), reject };
}

/** Inputs that go on until the test ends the run. */
async function* andOn(...inputs: readonly unknown[]) {
  yield* inputs;
  await new Promise(() => {});
}

describe("tasks that travel together", () => {
  it("are sent once, and said to be dispatched one by one", async () => {
    const { bench, send, sent, seen } = packBench();
    void bench.feed([1, 2, 3]);
    await bench.clock.settle();
    expect(bench.run.progress).toMatchObject({ total: 3, sent: 0, outstanding: 3 });
    send();
    bench.posted[0]?.done("ok");
    expect(sent()).toEqual(["pack"]);
    expect(bench.of("queue_dispatched")).toMatchObject([0, 1, 2].map((n) => ({ taskId: `${RUN}/${n}`, packed: 3 })));
    for (const index of [2, 0, 1]) bench.accept(index);
    await bench.clock.settle();
    expect([seen.indexes, seen.ended, bench.run.progress.sent]).toEqual([[2, 0, 1], true, 3]);
  });

  it("a repeat of the pack is no repeat of anybody's id", async () => {
    const { bench, send } = packBench();
    void bench.feed([1, 2]);
    await bench.clock.settle();
    send();
    bench.posted[0]?.done("duplicate");
    expect(bench.run.progress.sent).toBe(2);
  });

  it("are flushed when the input ends, and before what travels alone", async () => {
    const { bench, flushed, send, sent, flushBy } = packBench();
    flushBy(() => send());
    void bench.feed([1, 2, "alone", 3]);
    await bench.clock.settle();
    expect([sent(), flushed]).toEqual([
      ["pack", "2", "pack"],
      [2, 1],
    ]);
  });

  it("are not overtaken by what travels alone, though their frame takes its time", async () => {
    const { bench, send, sent, flushBy } = packBench();
    const { make, resolve } = pending();
    flushBy(() => send(make));
    void bench.feed(andOn(1, 2, "alone"));
    await bench.clock.settle();
    expect(sent()).toEqual([]);
    resolve();
    await bench.clock.settle();
    expect(sent()).toEqual(["pack", "2"]);
  });

  it("take the bytes of their frame, as soon as it is known, of the window until all of them have their outcome", async () => {
    const { bench, waiting, send } = packBench({ maxInFlightBytes: 100 });
    void bench.feed([40, 70, 5, 5]);
    await bench.clock.settle();
    expect(waiting.map(({ index }) => index)).toEqual([0, 1]);
    // The frame has fewer than was thought: there is room for more.
    send(() => Object.assign(Object.create(PACK), { bytes: Buffer.alloc(99) }) as OutFrame);
    await bench.clock.settle();
    expect(waiting.map(({ index }) => index)).toEqual([2]);
    bench.posted[0]?.done("ok");
    bench.accept(1);
    await bench.clock.settle();
    expect(waiting.map(({ index }) => index)).toEqual([2]);
    bench.accept(0);
    await bench.clock.settle();
    expect(waiting.map(({ index }) => index)).toEqual([2, 3]);
  });

  it("ended while they wait to be packed: nothing of them is made, let alone sent", async () => {
    const { bench, send, sent, seen } = packBench();
    void bench.feed(andOn(1, 2));
    await bench.clock.settle();
    bench.run.cancel();
    let made = 0;
    send(() => {
      made += 1;
      return PACK;
    });
    await bench.clock.settle();
    expect([seen.outcomes, sent(), made]).toEqual([["cancelled CANCELLED", "cancelled CANCELLED"], [], 0]);
  });

  it.each<[string, (made: ReturnType<typeof pending>) => void]>([
    ["and it is made then", ({ resolve }) => resolve()],
    ["and it cannot be made", ({ reject }) => reject(tooLarge())],
    ["and a store is away", ({ reject }) => reject(new DispatchError("UNAVAILABLE", "x"))],
  ])("ended while their frame is being made, %s: each has one outcome, and nothing is sent", async (_, end) => {
    for (const how of ["cancel", "timeout"] as const) {
      const { bench, send, sent, seen } = packBench({ globalTimeoutMs: 1_000 });
      void bench.feed(andOn(1, 2));
      await bench.clock.settle();
      const made = pending();
      send(made.make);
      if (how === "cancel") bench.run.cancel();
      else await bench.clock.advance(1_000);
      end(made);
      await bench.clock.settle();
      const outcome = how === "cancel" ? "cancelled CANCELLED" : "expired EXPIRED";
      expect([seen.outcomes, sent(), bench.ended]).toEqual([[outcome, outcome], [], 1]);
      expect(bench.of("task_ended")).toHaveLength(2);
    }
  });

  it.each<[string, () => Eventual<OutFrame>]>([
    ["at once", () => { throw tooLarge(); }], // biome-ignore format: one line
    ["later", () => Promise.reject(tooLarge())],
  ])("a frame that is too large, as is known %s: those are dead, the others go on", async (_, make) => {
    const { bench, send, seen, waiting } = packBench();
    void bench.feed([1, 2, 3]);
    await bench.clock.settle();
    send(make, waiting.splice(0, 2));
    await bench.clock.settle();
    expect(seen.outcomes).toEqual(["dead TOO_LARGE", "dead TOO_LARGE"]);
    send();
    bench.posted[0]?.done("ok");
    bench.accept(2);
    await bench.clock.settle();
    expect([seen.indexes, seen.ended]).toEqual([[0, 1, 2], true]);
  });

  it("of which one has its outcome already when their frame cannot be made", async () => {
    const { bench, send, seen } = packBench();
    void bench.feed([1, 2]);
    await bench.clock.settle();
    const made = pending();
    send(made.make);
    bench.accept(1);
    made.reject(tooLarge());
    await bench.clock.settle();
    expect(seen.outcomes).toEqual(["completed", "dead TOO_LARGE"]);
  });

  it("too large for the broker only together: each goes alone, and one that is too large even so is dead", async () => {
    const { bench, send, sent, seen } = packBench();
    void bench.feed([1, 2, 3]);
    await bench.clock.settle();
    send();
    bench.posted[0]?.done(tooLarge());
    await bench.clock.settle();
    expect([sent(), seen.outcomes]).toEqual([["pack", "0", "1", "2"], []]);
    bench.posted[1]?.done("ok");
    bench.posted[2]?.done(tooLarge());
    bench.posted[3]?.done("ok");
    bench.accept(0);
    bench.accept(2);
    await bench.clock.settle();
    expect([seen.outcomes, seen.indexes]).toEqual([
      ["dead TOO_LARGE", "completed", "completed"],
      [1, 0, 2],
    ]);
    expect(bench.of("queue_dispatched")).toHaveLength(2);
  });

  it("one alone in its pack that is too large is dead", async () => {
    const { bench, send, sent, seen } = packBench();
    void bench.feed([1]);
    await bench.clock.settle();
    send();
    bench.posted[0]?.done(tooLarge());
    await bench.clock.settle();
    expect([sent(), seen.outcomes]).toEqual([["pack"], ["dead TOO_LARGE"]]);
  });

  it.each<[string, Parameters<Posted["done"]>[0], string]>([
    ["the queue is gone", "gone", "MISSING"],
    ["a right is missing", new DispatchError("DENIED", "x"), "DENIED"],
  ])("%s: the run ends with it, each task once", async (_, answer, code) => {
    const { bench, send, seen } = packBench();
    void bench.feed([1, 2]);
    await bench.clock.settle();
    send();
    bench.posted[0]?.done(answer);
    await bench.clock.settle();
    expect(seen).toEqual({
      indexes: [0, 1],
      outcomes: ["cancelled CANCELLED", "cancelled CANCELLED"],
      ended: true,
      thrown: code,
    });
  });

  it("tell how long they took: packs are cut by that; what was never begun tells nothing", async () => {
    const ran: number[] = [];
    const { bench, send } = packBench({ ran: (ms) => ran.push(ms) });
    void bench.feed([1, 2]);
    await bench.clock.settle();
    send();
    bench.accept(0, "completed", { durationMs: 7 });
    bench.accept(1, "expired", { durationMs: 0, attempts: 0 });
    expect(ran).toEqual([7]);
  });
});
