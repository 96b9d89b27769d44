import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fence } from "./fence.ts";

const word = fc.integer({ min: 0, max: 0xffff });
const line = fc
  .record({
    round: fc.integer({ min: 0, max: 0xff }),
    attempt: word,
    copy: word,
    lost: fc.integer({ min: 0, max: 600 }),
  })
  .filter(({ copy, lost }) => copy + lost <= 0xffff);
type Line = { round: number; attempt: number; copy: number; lost: number };

const token = (one: Line) => fence(one, one.lost);

function compare(a: Line, b: Line): number {
  return a.round - b.round || a.attempt - b.attempt || a.copy + a.lost - (b.copy + b.lost);
}

describe("fence", () => {
  it("orders as (round, attempt, copy + lost) do, one by one", () => {
    fc.assert(
      fc.property(line, line, (a, b) => {
        expect(Math.sign(token(a) - token(b))).toBe(Math.sign(compare(a, b)));
      }),
    );
  });

  it("orders neighbours, where a carry would show", () => {
    const near = fc.tuple(
      fc.integer({ min: 0, max: 2 }),
      fc.constantFrom(0, 1, 0xfffe, 0xffff),
      fc.constantFrom(0, 1, 0xffff),
    );
    const lines = near.map(([round, attempt, copy]) => ({ round, attempt, copy, lost: 0 }));
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        expect(Math.sign(token(a) - token(b))).toBe(Math.sign(compare(a, b)));
      }),
    );
  });

  it("is a whole number that a double holds, and never falls when copy + lost is full", () => {
    const full = { round: 0xff, attempt: 0xffff, copy: 0xffff, lost: 0 };
    expect(Number.isSafeInteger(fence(full, 600))).toBe(true);
    expect(fence(full, 600)).toBe(fence(full, 0));
    expect(fence({ round: 3, attempt: 4, copy: 0xffff, lost: 0 }, 600)).toBeLessThan(
      fence({ round: 3, attempt: 5, copy: 0, lost: 0 }, 0),
    );
  });
});
