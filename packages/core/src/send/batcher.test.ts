import { describe, expect, it } from "vitest";
import type { Sent } from "../call.ts";
import type { OutFrame, SendOutcome } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { workQueue } from "../queues.ts";
import { outFrame } from "../testing/frames.ts";
import { BrokerError, scripted } from "../testing/scripted-backend.ts";
import { Batcher } from "./batcher.ts";

const frame = outFrame();

/** A batcher whose batches wait until the test answers them. */
function start(batchFrames = 1_000) {
  const limits = { frameBytes: 1e6, batchFrames, batchBytes: 1e9, inFlight: 1e6, delayPrecisionMs: 1 };
  const world = scripted({ limits });
  const pending: { readonly frames: readonly OutFrame[]; answer(outcomes: readonly SendOutcome[]): void }[] = [];
  world.backend.onSend = (_, frames) =>
    new Promise((resolve) => pending.push({ frames, answer: (outcomes) => resolve(outcomes) }));
  const queue = workQueue("default");
  const done: Sent[] = [];
  const until = () => ({ deadline: world.clock.now() + 1_000 });
  const batcher = new Batcher({ ...world, queue, until, answered: (_, outcome) => done.push(outcome) });
  const add = (count: number) => {
    for (let each = 0; each < count; each += 1) batcher.add({ frame });
  };
  const answerAll = async () => {
    while (pending.length > 0) {
      for (const { frames, answer } of pending.splice(0)) answer(frames.map(() => "ok"));
      await world.clock.settle();
    }
  };
  return { ...world, batcher, pending, done, add, answerAll };
}

describe("Batcher", () => {
  it("sends what comes within one turn together, once", async () => {
    const { clock, add, pending, done, answerAll } = start();
    add(3);
    expect(pending).toEqual([]);
    await clock.settle();
    expect(pending.map(({ frames }) => frames.length)).toEqual([3]);
    add(1);
    await clock.settle();
    expect(pending.map(({ frames }) => frames.length)).toEqual([3, 1]);
    await answerAll();
    expect(done).toEqual(["ok", "ok", "ok", "ok"]);
  });

  it.each([
    [1_000, 500],
    [10, 10],
    [1, 1],
  ])("cuts batches: the backend takes %d frames, a batch has at most %d", async (batchFrames, most) => {
    const { clock, add, pending, answerAll, backend } = start(batchFrames);
    add(most * 2 + 1);
    await clock.settle();
    expect(pending.map(({ frames }) => frames.length)).toEqual(most === 1 ? [1, 1, 1] : [most, most, 1]);
    await answerAll();
    expect(backend.sent).toHaveLength(most * 2 + 1);
  });

  it("has at most four batches under way", async () => {
    const { clock, add, pending, answerAll, done } = start(10);
    add(100);
    await clock.settle();
    expect(pending).toHaveLength(4);
    pending.shift()?.answer(Array.from({ length: 10 }, () => "ok"));
    await clock.settle();
    expect(pending).toHaveLength(4);
    await answerAll();
    expect(done).toHaveLength(100);
  });

  it("has room until four batches wait, and says when there is some again", async () => {
    const { clock, add, batcher, answerAll } = start(10);
    add(39);
    expect(batcher.room()).toBeUndefined();
    add(41);
    const room = batcher.room();
    expect(room).toBeInstanceOf(Promise);
    await clock.settle();
    expect(batcher.room()).toBeInstanceOf(Promise);
    let roomy = false;
    void room?.then(() => {
      roomy = true;
    });
    await clock.settle();
    expect(roomy).toBe(false);
    await answerAll();
    expect(roomy).toBe(true);
    expect(batcher.room()).toBeUndefined();
  });

  it("gives each frame its own outcome", async () => {
    const { clock, add, pending, done } = start();
    add(4);
    await clock.settle();
    pending[0]?.answer(["ok", "duplicate", "gone", { failed: new BrokerError("TOO_LARGE") }]);
    await clock.settle();
    expect(done.map((one) => (one instanceof DispatchError ? one.code : one))).toEqual([
      "ok",
      "duplicate",
      "gone",
      "TOO_LARGE",
    ]);
  });

  it("gives up at its time, and says why", async () => {
    const { clock, add, done, backend } = start();
    backend.onSend = () => {
      throw new BrokerError("UNAVAILABLE");
    };
    add(2);
    await clock.advance(1_000);
    expect(done.map((one) => (one as DispatchError).code)).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
  });

  it("is idle when all has its outcome", async () => {
    const { clock, add, batcher, answerAll } = start(1);
    await batcher.idle();
    add(9);
    let idle = false;
    void batcher.idle().then(() => {
      idle = true;
    });
    await clock.settle();
    expect(idle).toBe(false);
    await answerAll();
    expect(idle).toBe(true);
  });
});
