import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ledger } from "./ledger.ts";

describe("a ledger", () => {
  it("commits only what has nothing open below it", () => {
    const ledger = new Ledger({ base: 10 });
    for (const offset of [10, 11, 12, 13]) expect(ledger.admit(offset)).toBe(true);
    expect([ledger.finish(12), ledger.finish(11)]).toEqual([true, true]);
    expect([ledger.base, ledger.doneAbove()]).toEqual([10, [11, 12]]);
    expect(ledger.finish(10)).toBe(true);
    expect([ledger.base, ledger.doneAbove(), ledger.inHand]).toEqual([13, [], 1]);
  });

  it.each([
    ["never met", 99],
    ["done already", 11],
    ["below the watermark", 10],
  ])("refuses an offset that is %s", (_, offset) => {
    const ledger = new Ledger({ base: 10 });
    for (const each of [10, 11, 12]) ledger.admit(each);
    ledger.finish(10);
    ledger.finish(11);
    expect(ledger.finish(offset)).toBe(false);
    expect(ledger.base).toBe(12);
  });

  it("counts over what it met: a gap in the log holds nothing up", () => {
    const ledger = new Ledger({ base: 0 });
    for (const offset of [0, 5, 900]) ledger.admit(offset);
    for (const offset of [0, 5]) ledger.finish(offset);
    expect(ledger.base).toBe(900);
    ledger.finish(900);
    expect([ledger.base, ledger.next]).toEqual([901, 901]);
  });

  it("skips what its predecessor said to be done", () => {
    const ledger = new Ledger({ base: 3, done: [4, 6] });
    expect([3, 4, 5, 6, 7].map((offset) => ledger.admit(offset))).toEqual([true, false, true, false, true]);
    expect(ledger.doneAbove()).toEqual([4, 6]);
    ledger.finish(3);
    expect(ledger.base).toBe(5);
  });

  it("keeps what it was told is done and has not met yet", () => {
    const ledger = new Ledger({ base: 3, done: [9, 5] });
    ledger.admit(3);
    expect(ledger.doneAbove()).toEqual([5, 9]);
  });

  it("has room for a window, and always for the first", () => {
    const ledger = new Ledger({ base: 0, windowOffsets: 3 });
    expect(ledger.hasRoom(1_000_000)).toBe(true);
    for (const offset of [0, 1, 2]) ledger.admit(offset);
    expect([ledger.hasRoom(2), ledger.hasRoom(3)]).toEqual([true, false]);
    ledger.finish(0);
    expect(ledger.hasRoom(3)).toBe(true);
  });

  it("refuses to meet an offset twice", () => {
    const ledger = new Ledger({ base: 0 });
    ledger.admit(4);
    expect(() => ledger.admit(4)).toThrow(RangeError);
  });

  it("agrees with a plain set, whatever the gaps and the order of the ends, and stays small", () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(gaps, fc.array(fc.nat(), { maxLength: 300 }), fc.nat(50), (steps, picks, base) => {
        const offsets: number[] = [];
        for (const step of steps) offsets.push((offsets.at(-1) ?? base - 1) + step);
        const ledger = new Ledger({ base });
        for (const offset of offsets) ledger.admit(offset);
        const open = new Set(offsets);
        for (const pick of picks) {
          const offset = offsets[pick % offsets.length] as number;
          expect(ledger.finish(offset)).toBe(open.delete(offset));
          const first = offsets.find((each) => open.has(each)) ?? (offsets.at(-1) as number) + 1;
          expect(ledger.base).toBe(first);
          expect(ledger.doneAbove()).toEqual(offsets.filter((each) => each > first && !open.has(each)));
          expect(ledger.inHand).toBe(open.size);
        }
      }),
    );
  });

  it("does a million in order without growing", () => {
    const ledger = new Ledger({ base: 0 });
    for (let offset = 0; offset < 1_000_000; offset += 1) {
      ledger.admit(offset);
      ledger.finish(offset);
    }
    expect([ledger.base, ledger.inHand, ledger.doneAbove()]).toEqual([1_000_000, 0, []]);
  });
});
