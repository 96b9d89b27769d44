import { describe, expect, it } from "vitest";
import { type Named, RecentFrames } from "./recent-frames.ts";

const plain: Named = { run: "AAAAAAAAAAA", first: 7, count: 1, round: 0, attempt: 0, copy: 0 };

describe("recent frames", () => {
  it("are the last 10,000, and some more", () => {
    const frames = new RecentFrames();
    for (let first = 0; first < 25_000; first += 1) {
      frames.add({ ...plain, first });
      frames.add({ ...plain, first });
    }
    const has = (first: number) => frames.has({ ...plain, first });
    expect([0, 9_999, 15_000, 20_000, 24_999].map(has)).toEqual([false, false, true, true, true]);
    expect(Array.from({ length: 25_000 }, (_, first) => has(first)).filter(Boolean).length).toBeLessThanOrEqual(20_000);
  });

  it.each([
    ["run", "BBBBBBBBBBB"],
    ["first", 8],
    ["count", 2],
    ["round", 1],
    ["attempt", 1],
    ["copy", 1],
  ] as const)("are others by another %s", (key, value) => {
    const frames = new RecentFrames();
    const other = { ...plain, [key]: value };
    frames.add(plain);
    expect([frames.has(plain), frames.has(other)]).toEqual([true, false]);
    frames.add(other);
    expect([frames.has(plain), frames.has(other)]).toEqual([true, true]);
  });

  it("of many runs are told from each other, in whatever order they come", () => {
    const frames = new RecentFrames();
    const of = (n: number): Named => ({ ...plain, run: `run-${n % 3}`, first: n, copy: n % 2 });
    for (let n = 0; n < 600; n += 1) frames.add(of(n));
    for (let n = 599; n >= 0; n -= 1) {
      expect(frames.has(of(n))).toBe(true);
      expect(frames.has({ ...of(n), run: `run-${(n + 1) % 3}` })).toBe(false);
    }
  });
});
