import { describe, expect, it } from "vitest";
import { outFrame } from "../testing/frames.ts";
import { keptOf } from "../testing/run-bench.ts";
import { KeptFrame } from "./kept-frame.ts";
import { Window } from "./window.ts";

const FRAME_BYTES = outFrame().bytes.length;
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function start(maxTasks: number, maxBytes: number) {
  const window = new Window(maxTasks, maxBytes, setImmediate);
  const add = (index: number) => {
    const kept = keptOf(index, null);
    window.add(kept, FRAME_BYTES);
    return kept;
  };
  return { window, add };
}

/** A pack of tasks from `first` on, of so many bytes, as they were estimated. */
function pack(window: Window, first: number, sizes: readonly number[]): KeptFrame {
  const tasks = sizes.map((sizeBytes, place) => ({ index: first + place, sizeBytes }));
  for (const task of tasks) window.wait(task);
  const kept = new KeptFrame(keptOf(first).way, first, sizes.length);
  window.pack(tasks, kept);
  kept.frame = outFrame({ index: first });
  return kept;
}

function roomOf(window: Window) {
  const seen = { roomy: false };
  void window.room().then(() => {
    seen.roomy = true;
  });
  return seen;
}

describe("Window", () => {
  it("is a set: knows what is in it, and takes nothing out twice", () => {
    const { window, add } = start(10, 1e6);
    const [a, b] = [add(0), add(1)];
    expect([window.size, window.get(1), window.entries()]).toEqual([2, b, [[0, a], [1, b]]]); // biome-ignore format: one line
    expect([window.delete(0), window.delete(0)]).toEqual([a, undefined]);
    expect([window.size, window.get(0), window.get(7)]).toEqual([1, undefined, undefined]);
  });

  it("is open below maxTasks, results that nobody has taken included", () => {
    const { window, add } = start(2, 1e6);
    add(0);
    expect(window.open).toBe(true);
    add(1);
    expect(window.open).toBe(false);
    window.delete(0);
    window.unread();
    expect(window.open).toBe(false);
    window.read();
    expect(window.open).toBe(true);
  });

  it("is open below maxBytes; each byte is counted once", () => {
    const { window, add } = start(100, 2 * FRAME_BYTES);
    for (const index of [0, 1]) add(index);
    expect(window.open).toBe(false);
    for (const index of [0, 0, 1, 1]) window.delete(index);
    add(2);
    expect(window.open).toBe(true);
    add(3);
    expect(window.open).toBe(false);
  });

  it("lets one in when nothing is there, however large", () => {
    const { window, add } = start(100, 1);
    expect(window.open).toBe(true);
    add(0);
    expect(window.open).toBe(false);
  });

  it("says when there is room: when a result is read, or dropped", async () => {
    const { window, add } = start(1, 1e6);
    add(0);
    const first = roomOf(window);
    window.wake();
    await settle();
    expect(first.roomy).toBe(false);
    window.delete(0);
    window.unread();
    window.wake();
    await settle();
    expect(first.roomy).toBe(false);
    window.read();
    await settle();
    expect(first.roomy).toBe(true);
    await expect(window.room()).resolves.toBeUndefined();
  });

  it("makes room for all that is read in a turn at once", async () => {
    const { window, add } = start(2, 1e6);
    const free: number[] = [];
    for (const index of [0, 1]) add(index);
    void window.room().then(() => free.push(2 - window.size));
    for (const index of [0, 1]) {
      window.delete(index);
      window.unread();
      window.read();
      await Promise.resolve();
    }
    await settle();
    expect(free).toEqual([2]);
  });
});

describe("the window of a pack", () => {
  it("counts what is estimated of it, then what it has, until the last of its tasks has an outcome", () => {
    const { window } = start(100, 100);
    const kept = pack(window, 0, [60, 60]);
    expect([window.open, window.get(0), window.get(1)]).toEqual([false, kept, kept]);
    window.weigh(kept, 99);
    expect(window.open).toBe(true);
    window.weigh(kept, 100);
    expect(window.delete(0)).toBe(kept);
    expect(window.open).toBe(false);
    window.delete(1);
    pack(window, 2, [99]);
    expect(window.open).toBe(true);
  });

  it("leaves out of it what has its outcome already, and counts nothing of it for ever", () => {
    const { window } = start(100, 100);
    const tasks = [0, 1].map((index) => ({ index, sizeBytes: 70 }));
    for (const task of tasks) window.wait(task);
    window.delete(0);
    const kept = new KeptFrame(keptOf(0).way, 0, 2);
    window.pack(tasks, kept);
    expect([window.get(0), window.get(1), kept.left]).toEqual([undefined, kept, 1]);
    window.delete(1);
    pack(window, 2, [99]);
    expect(window.open).toBe(true);
  });

  it("has a frame of its own for a task of which something is said alone, from when there is a frame at all", () => {
    const { window } = start(100, 1_000);
    window.wait({ index: 9, sizeBytes: 1 });
    expect(window.own(9)).toBeUndefined();
    const kept = pack(window, 0, [10, 10, 10]);
    Object.assign(kept, { sent: true, readyAt: 7, backAt: 9 });
    const own = window.own(1) as KeptFrame;
    expect(own).toMatchObject({ first: 1, count: 1, sent: true, readyAt: 7, backAt: 9, frame: kept.frame });
    expect([window.own(1), window.get(0), window.get(1)]).toEqual([own, kept, own]);
    own.readyAt = 99;
    expect(kept.readyAt).toBe(7);
    for (const index of [0, 1, 2]) window.delete(index);
    expect([kept.bytes, own.bytes, kept.left]).toEqual([0, 0, 0]);
  });

  it("knows the ids of the user until they are asked for with the outcome", () => {
    const { window } = start(1, 1);
    window.name(3, "mine");
    expect([window.refOf(3), window.refOf(4), window.takeRef(3), window.takeRef(3)]).toEqual(["mine", undefined, "mine", undefined]); // biome-ignore format: one line
  });
});
