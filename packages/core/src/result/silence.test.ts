import { describe, expect, it } from "vitest";
import { workQueue } from "../queues.ts";
import { outFrame } from "../testing/frames.ts";
import { KeptFrame } from "./kept-frame.ts";
import { type Evidence, listen, reschedule } from "./silence.ts";

const NOW = 10_000;
const LOOK_MS = 100;

/** All that speaks for a loss is there: due since 1,000, and what came at 2,000 has been handed out. */
const evidence: Evidence = {
  now: NOW,
  elapsedMs: LOOK_MS,
  repliesRead: true,
  passed: [0, 0, 0, 0, 0, 2_000, 0, 0, 0, 0, 9_000],
  queueEmpty: true,
  goneMs: 2 * LOOK_MS,
  resendAfterMs: 3 * LOOK_MS,
  maxResends: 2,
};

function task(more: Partial<KeptFrame> = {}, band = 5): KeptFrame {
  const kept = new KeptFrame({ queue: workQueue("default"), band, delayMs: 0 }, 0, 1);
  const said = { frame: outFrame(), sent: true, readyAt: 1_000, backAt: 1_500, isOvertaken: true };
  return Object.assign(kept, said, more);
}

describe("listen", () => {
  it.each<[string, Partial<KeptFrame>, Partial<Evidence>, number]>([
    ["not sent yet", { sent: false }, {}, 0],
    ["not due yet, or a retry is scheduled", { readyAt: NOW + 1 }, {}, 0],
    ["a beat names it", { heldUntil: NOW + 1 }, {}, 0],
    ["replies are not read", {}, { repliesRead: false }, 50],
    ["the queue has something ready, and later ones may overtake", {}, { queueEmpty: false }, 50],
  ])("waits: %s", (_, more, other, silentMs) => {
    const one = task({ silentMs: 50, ...more });
    expect(listen(one, { ...evidence, ...other })).toBe("wait");
    expect(one.silentMs).toBe(silentMs);
  });

  it.each([
    ["nothing of its priority has been handed out", 5, []],
    ["what has been handed out came before it", 5, [0, 0, 0, 0, 0, 999]],
    ["what has been handed out came with it", 5, [0, 0, 0, 0, 0, 1_000]],
    ["only another priority moves", 4, evidence.passed],
  ])("asks for a probe: %s", (_, band, passed) => {
    const one = task({ backAt: 0, isOvertaken: false }, band);
    expect(listen(one, { ...evidence, passed })).toBe("probe");
    expect(one.silentMs).toBe(0);
  });

  it("what a beat named is not due before its holder, if gone, has lost it, and then only behind what was ready before", () => {
    const one = task({ backAt: NOW + 1, isOvertaken: false });
    expect(listen(one, { ...evidence, passed: evidence.passed.map(() => NOW) })).toBe("wait");
    const later = { ...evidence, now: NOW + 1, passed: evidence.passed.map(() => NOW + 1) };
    expect(listen(one, later)).toBe("probe");
    expect([one.silentMs, one.isOvertaken]).toEqual([0, false]);
  });

  it("whoever had it may have gone without a word: overtaken, it is given as long once more, and that counts as silence", () => {
    const one = task({ backAt: 0, isOvertaken: false });
    const at = (ms: number, passedAt: number) =>
      listen(one, { ...evidence, now: NOW + ms, passed: evidence.passed.map(() => passedAt) });
    expect(at(0, 2_000)).toBe("wait");
    expect(one.backAt).toBe(NOW + 2 * LOOK_MS);
    expect(at(LOOK_MS, NOW)).toBe("wait");
    // What came before it was back shows nothing.
    expect(at(2 * LOOK_MS, NOW + LOOK_MS)).toBe("probe");
    expect(at(3 * LOOK_MS, NOW + 2 * LOOK_MS + 1)).toBe("resend");
  });

  it("a retry that is scheduled and due between two looks begins anew: what had overtaken the attempt before says nothing of it", () => {
    const one = task({ silentMs: 3 * LOOK_MS });
    reschedule(one, NOW - 1);
    expect(listen(one, { ...evidence, passed: evidence.passed.map(() => NOW - 2) })).toBe("probe");
    expect(one).toMatchObject({ silentMs: 0, backAt: 0, isOvertaken: false, readyAt: NOW - 1 });
  });

  it.each([
    [0, "resend"],
    [1, "resend"],
    [2, "vanished"],
  ])("after resendAfterMs of silence and %d resends: %s", (resends, expected) => {
    const one = task({ resends });
    const heard = [1, 2, 3].map(() => listen(one, evidence));
    expect(heard).toEqual(["wait", "wait", expected]);
  });

  it("never resends where none is allowed", () => {
    const one = task({ silentMs: 10_000 });
    expect(listen(one, { ...evidence, maxResends: 0 })).toBe("vanished");
  });

  it("begins anew when something speaks for it in between", () => {
    const one = task();
    const after = { ...evidence, goneMs: 0, passed: evidence.passed.map(() => NOW + 1) };
    listen(one, after);
    listen(one, after);
    one.heldUntil = NOW + 1;
    listen(one, after);
    one.heldUntil = 0;
    expect([1, 2, 3].map(() => listen(one, after))).toEqual(["wait", "wait", "resend"]);
  });
});
