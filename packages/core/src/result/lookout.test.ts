import { describe, expect, it } from "vitest";
import { outFrame } from "../testing/frames.ts";
import { keptOf } from "../testing/run-bench.ts";
import { KeptFrame } from "./kept-frame.ts";
import { held, lookOut } from "./lookout.ts";
import type { Evidence } from "./silence.ts";
import { Window } from "./window.ts";

/** A window with a pack of the tasks 0, 1 and 2, and 3 alone; all that speaks for their loss is there. */
function start(resends = 0) {
  const window = new Window(100, 1e6, setImmediate);
  const tasks = [0, 1, 2].map((index) => ({ index, sizeBytes: 10 }));
  for (const task of tasks) window.wait(task);
  const pack = new KeptFrame(keptOf(0).way, 0, 3);
  window.pack(tasks, pack);
  const single = keptOf(3);
  window.add(single, 10);
  for (const kept of [pack, single]) Object.assign(kept, { frame: outFrame(), sent: true, isOvertaken: true, resends });
  const resent: [number, number][] = [];
  const vanished: [number, number][] = [];
  const look = (more: Partial<Evidence> = {}) =>
    lookOut(
      window,
      { ...evidence, ...more },
      {
        resend: (kept) => resent.push([kept.first, kept.count]),
        vanished: (index, times) => vanished.push([index, times]),
      },
    );
  return { window, pack, single, resent, vanished, look };
}

const evidence: Evidence = {
  now: 1_000,
  elapsedMs: 100,
  repliesRead: true,
  passed: new Array(11).fill(1_001),
  queueEmpty: true,
  goneMs: 0,
  resendAfterMs: 200,
  maxResends: 2,
};

describe("lookOut", () => {
  it("counts the silence of a frame once, however many tasks it has, and sends each of them again alone", () => {
    const { pack, resent, look } = start();
    look();
    expect([pack.silentMs, resent]).toEqual([100, []]);
    look();
    expect(resent).toEqual([[0, 1], [1, 1], [2, 1], [3, 1]]); // biome-ignore format: one line
  });

  it("gives all tasks of a frame up that was sent often enough", () => {
    const { vanished, look } = start(2);
    look({ resendAfterMs: 100 });
    expect(vanished).toEqual([[0, 2], [1, 2], [2, 2], [3, 2]]); // biome-ignore format: one line
  });

  it("does not send again what was said of one task of a pack to be in good hands", () => {
    const { window, resent, look } = start();
    Object.assign(window.own(1) as KeptFrame, { heldUntil: 9_999 });
    for (const _ of [1, 2]) look();
    expect(resent.map(([index]) => index)).toEqual([0, 2, 3]);
  });

  it("asks for probes in the bands where nothing shows", () => {
    const { look, pack } = start();
    expect([...look({ passed: [] })]).toEqual([pack.way.band]);
  });
});

describe("held", () => {
  it("answers a pack that is named as a whole, once", () => {
    const { window, pack, single } = start();
    expect([...held(window, 0, 3)]).toEqual([pack]);
    expect([...held(window, 0, 1_000)]).toEqual([pack, single]);
  });

  it("answers those of its tasks alone that are named without the others", () => {
    const { window, pack } = start();
    const [one] = held(window, 1, 1);
    expect([one?.first, one?.count, one === pack, window.get(0)]).toEqual([1, 1, false, pack]);
  });

  it("answers tasks that went on alone beside the pack that they came from", () => {
    const { window, pack } = start();
    const own = window.own(1);
    expect(held(window, 0, 3)).toEqual(new Set([pack, own]));
  });

  it("answers nothing for what has no frame yet, or is not there", () => {
    const { window } = start();
    window.wait({ index: 7, sizeBytes: 1 });
    expect([...held(window, 4, 100)]).toEqual([]);
  });
});
