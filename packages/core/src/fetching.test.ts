import { describe, expect, it } from "vitest";
import type { Delivery, Want } from "./contract/index.ts";
import { Fetching } from "./fetching.ts";
import { workQueue } from "./queues.ts";
import { outFrame } from "./testing/frames.ts";
import { deliveriesOf, scripted } from "./testing/scripted-backend.ts";

const CONCURRENCY = 10;

/** Receives on one lane; the test says what each brings, and what of it is done. */
function fetchingBench(concurrency = CONCURRENCY) {
  const { clock, backend, calls, random } = scripted();
  const stop = new AbortController();
  const wants: Want[] = [];
  const load = { held: 0, zombies: 0, waiting: 0 };
  let answer: ((deliveries: readonly Delivery[]) => void) | undefined;
  let tasksPerFrame = 1;
  backend.onReceive = (_, want, signal) => {
    wants.push(want);
    return new Promise((resolve) => {
      answer = resolve;
      signal.addEventListener("abort", () => resolve([]), { once: true });
    });
  };
  const fetching = new Fetching({
    calls,
    clock,
    random,
    leaseMs: 30_000,
    concurrency,
    queues: [workQueue("default")],
    weights: [1],
    load: () => load,
    most: (capacity) => capacity,
    granted: async (_, deliveries) => {
      load.held += deliveries.length * tasksPerFrame;
      fetching.brought(deliveries.length, deliveries.length * tasksPerFrame);
    },
  });
  void fetching.run(stop.signal, stop.signal);
  /** The receive under way brings all that it wanted, or `frames`, with so many tasks each. */
  const bring = async (perFrame: number, frames = wants.at(-1)?.max ?? 0) => {
    tasksPerFrame = perFrame;
    answer?.(deliveriesOf(Array.from({ length: frames }, (_, index) => outFrame({ index }))));
    await clock.settle();
  };
  const done = async (tasks: number) => {
    load.held -= tasks;
    fetching.wake();
    await clock.settle();
  };
  return { clock, fetching, load, wants, bring, done, stop, max: () => wants.at(-1)?.max };
}

describe("a worker's receives, where frames are packs", () => {
  it("ask for as many frames as there are slots, while nothing is known", async () => {
    const { clock, max } = fetchingBench();
    await clock.settle();
    expect(max()).toBe(CONCURRENCY);
  });

  it("ask for no more than there is room for tasks, from the first pack on", async () => {
    const { clock, wants, load, bring, done, max } = fetchingBench();
    await clock.settle();
    await bring(5, 1);
    expect([load.held, max()]).toEqual([5, 1]);
    await bring(5);
    expect([load.held, wants.length]).toEqual([10, 2]);
    await done(10);
    expect(max()).toBe(2);
    await bring(5);
    expect(load.held).toBe(10);
  });

  it("hold at most one pack beyond the slots, once packs are known", async () => {
    const { clock, load, bring, done } = fetchingBench();
    await clock.settle();
    await bring(30, 1);
    let most = 0;
    for (let round = 0; round < 50; round += 1) {
      await done(1 + (round % 7));
      await bring(30);
      most = Math.max(most, load.held);
    }
    expect(most).toBeLessThanOrEqual(CONCURRENCY - 1 + 30);
  });

  it("fill all slots with single frames again, soon after the last pack", async () => {
    const { clock, load, bring, done } = fetchingBench();
    await clock.settle();
    await bring(100, 1);
    await done(100);
    let receives = 0;
    while (load.held < CONCURRENCY) {
      await bring(1);
      receives += 1;
      if (receives > 100) break;
    }
    expect(receives).toBeLessThanOrEqual(10);
    for (let round = 0; round < 20; round += 1) {
      await done(load.held);
      while (load.held < CONCURRENCY) await bring(1);
    }
    await done(load.held);
    await bring(1);
    expect(load.held).toBeGreaterThanOrEqual(CONCURRENCY - 1);
  });
});

describe("a worker's receives, where there is one lane", () => {
  it("take frames in advance from a broker that is far away, also with one slot", async () => {
    const { clock, fetching, bring, done, max } = fetchingBench(1);
    for (let round = 0; round < 2; round += 1) {
      await clock.advance(600);
      await bring(1);
      fetching.ran(10);
      await done(1);
    }
    // What came while 61 are to be held: it asked before it took that in.
    expect(max()).toBe(60);
  });
});
