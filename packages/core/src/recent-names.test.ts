import { describe, expect, it } from "vitest";
import { RecentNames } from "./recent-names.ts";

describe("recent names", () => {
  it("are the last 10,000, each once", () => {
    const names = new RecentNames();
    for (let n = 0; n < 25_000; n += 1) {
      names.add(`t${n}`);
      names.add(`t${n}`);
    }
    expect(names.size).toBe(10_000);
    expect([0, 14_999, 15_000, 24_999].map((n) => names.has(`t${n}`))).toEqual([false, false, true, true]);
  });
});
