import { describe, expect, it } from "vitest";
import { outFrame } from "../testing/frames.ts";
import { Outstanding, Window } from "./window.ts";

function outstanding(index: number, more: Partial<Outstanding> = {}): Outstanding {
  const frame = outFrame({ index });
  const task = new Outstanding({ index, ref: undefined, band: 5, delayMs: 0 }, frame, frame.bytes.length);
  return Object.assign(task, { sent: true }, more);
}

const FRAME_BYTES = outFrame().bytes.length;
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function roomOf(window: Window) {
  const seen = { roomy: false };
  void window.room().then(() => {
    seen.roomy = true;
  });
  return seen;
}

describe("Window", () => {
  it("is a set: knows what is in it, and takes nothing out twice", () => {
    const window = new Window(10, 1e6, setImmediate);
    const [a, b] = [outstanding(0), outstanding(1)];
    window.add(a);
    window.add(b);
    expect([window.size, window.get(1), [...window.values()]]).toEqual([2, b, [a, b]]);
    window.delete(a);
    window.delete(a);
    expect([window.size, window.get(0), window.get(7)]).toEqual([1, undefined, undefined]);
  });

  it("is open below maxTasks, results that nobody has taken included", () => {
    const window = new Window(2, 1e6, setImmediate);
    const [a, b] = [outstanding(0), outstanding(1)];
    window.add(a);
    expect(window.open).toBe(true);
    window.add(b);
    expect(window.open).toBe(false);
    window.delete(a);
    window.unread();
    expect(window.open).toBe(false);
    window.read();
    expect(window.open).toBe(true);
  });

  it("is open below maxBytes; each byte is counted once", () => {
    const window = new Window(100, 2 * FRAME_BYTES, setImmediate);
    const tasks = [0, 1].map((index) => outstanding(index));
    for (const task of tasks) window.add(task);
    expect(window.open).toBe(false);
    for (const task of tasks) {
      window.delete(task);
      window.delete(task);
    }
    window.add(outstanding(2));
    expect(window.open).toBe(true);
    window.add(outstanding(3));
    expect(window.open).toBe(false);
  });

  it("lets one in when nothing is there, however large", () => {
    const window = new Window(100, 1, setImmediate);
    expect(window.open).toBe(true);
    window.add(outstanding(0));
    expect(window.open).toBe(false);
  });

  it("says when there is room: when a result is read, or dropped", async () => {
    const window = new Window(1, 1e6, setImmediate);
    const task = outstanding(0);
    window.add(task);
    const first = roomOf(window);
    window.wake();
    await settle();
    expect(first.roomy).toBe(false);
    window.delete(task);
    window.unread();
    window.wake();
    await settle();
    expect(first.roomy).toBe(false);
    window.read();
    await settle();
    expect(first.roomy).toBe(true);
    await expect(window.room()).resolves.toBeUndefined();
  });
});
