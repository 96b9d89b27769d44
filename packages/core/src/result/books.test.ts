import { describe, expect, it } from "vitest";
import type { Outcome, ResultEntry } from "../contract/index.ts";
import { RUN } from "../testing/frames.ts";
import { Books } from "./books.ts";

function entry(index: number, outcome: Outcome = "completed", more: Partial<ResultEntry> = {}): ResultEntry {
  return { run: RUN, index, outcome, round: 0, attempts: 1, copy: 0, lost: 0, durationMs: 1, ...more };
}

describe("Books", () => {
  it("count outcomes, attempts beyond the first, and losses", () => {
    const books = new Books();
    books.accept(entry(0));
    books.accept(entry(1, "completed", { attempts: 3, lost: 1 }));
    books.accept(entry(2, "dead", { attempts: 5, lost: 2 }));
    books.accept(entry(3, "expired", { attempts: 0 }));
    books.accept(entry(4, "cancelled", { attempts: 0 }));
    expect(books.summary(RUN, 2_000, 7)).toEqual({
      run: RUN,
      total: 5,
      completed: 2,
      dead: 1,
      expired: 1,
      cancelled: 1,
      durationMs: 2_000,
      tasksPerSecond: 1.5,
      retried: 6,
      lost: 3,
      fenced: 0,
      duplicates: 0,
      resent: 0,
      orphans: 7,
    });
  });

  it.each([
    [0, 0],
    [3, 333.333],
    [1_000, 1],
  ])("one task in %d ms is a rate of %d", (durationMs, rate) => {
    const books = new Books();
    books.accept(entry(0));
    expect(books.summary(RUN, durationMs, 0).tasksPerSecond).toBe(rate);
  });

  it.each<[string, Partial<ResultEntry>, Partial<ResultEntry>, "fenced" | "duplicate"]>([
    ["the same plain line", {}, {}, "duplicate"],
    ["the same line with a retry", { attempts: 2 }, { attempts: 2 }, "duplicate"],
    ["the same line with another outcome", {}, { outcome: "dead" }, "duplicate"],
    ["another attempt", { attempts: 2 }, {}, "fenced"],
    ["another attempt than the plain one", {}, { attempts: 2 }, "fenced"],
    ["another copy", { copy: 1 }, { copy: 2 }, "fenced"],
    ["another count of losses", { lost: 1 }, {}, "fenced"],
    ["an earlier round", { round: 1 }, {}, "fenced"],
  ])("a late result of %s counts as %s", (_, accepted, late, kind) => {
    const books = new Books();
    books.accept(entry(0, "completed", accepted));
    expect(books.late(entry(0, "completed", late))).toBe(kind);
    const { fenced, duplicates, total } = books.summary(RUN, 1, 0);
    expect([fenced, duplicates, total]).toEqual(kind === "fenced" ? [1, 0, 1] : [0, 1, 1]);
  });

  it("remember at most 10,000 lines that were not the plainest", () => {
    const books = new Books();
    for (let index = 0; index <= 10_000; index += 1) books.accept(entry(index, "completed", { attempts: 2 }));
    expect(books.late(entry(1, "completed", { attempts: 2 }))).toBe("duplicate");
    expect(books.late(entry(10_000, "completed", { attempts: 2 }))).toBe("duplicate");
    expect(books.late(entry(0, "completed", { attempts: 2 }))).toBe("fenced");
  });
});
