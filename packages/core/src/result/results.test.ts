import { describe, expect, it } from "vitest";
import type { Result } from "../contract/index.ts";
import { Results } from "./results.ts";

const result = (index: number): Result => ({
  index,
  id: `r/${index}`,
  outcome: "completed",
  attempts: 1,
  lost: 0,
  durationMs: 1,
});

async function drain(results: Results<unknown>): Promise<number[]> {
  const indexes: number[] = [];
  for (let one = await results.take(); one !== undefined; one = await results.take()) indexes.push(one.index);
  return indexes;
}

describe("Results", () => {
  it.each([
    ["as they come", false, [2, 0, 1]],
    ["in the order of the inputs", true, [0, 1, 2]],
  ])("hands out results %s", async (_, ordered, expected) => {
    const results = new Results(ordered);
    for (const index of [2, 0, 1]) expect(results.push(result(index))).toBe(true);
    results.end();
    expect(await drain(results)).toEqual(expected);
    expect(await results.take()).toBeUndefined();
  });

  it("ordered: holds back what is early, until what is missing has come", async () => {
    const results = new Results(true);
    const taken: number[] = [];
    void (async () => {
      for (let one = await results.take(); one !== undefined; one = await results.take()) taken.push(one.index);
    })();
    const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
    for (const index of [1, 3]) results.push(result(index));
    await settle();
    expect(taken).toEqual([]);
    results.push(result(0));
    await settle();
    expect(taken).toEqual([0, 1]);
    results.end();
    await settle();
    expect(taken).toEqual([0, 1, 3]);
  });

  it("wakes the reader that waits", async () => {
    const results = new Results(false);
    const taken = results.take();
    results.push(result(0));
    expect((await taken)?.index).toBe(0);
    const last = results.take();
    results.end();
    expect(await last).toBeUndefined();
  });

  it("wakes each of two that wait at once", async () => {
    const results = new Results(false);
    const both = [results.take(), results.take()];
    results.push(result(0));
    results.push(result(1));
    results.end();
    const none = new Promise((resolve) => setImmediate(() => resolve("nobody told me")));
    const taken = await Promise.all(both.map((one) => Promise.race([one.then((it) => it?.index), none])));
    expect(taken.toSorted()).toEqual([0, 1]);
  });

  it.each([false, true])(
    "discard: counts what is dropped, keeps nothing more, ends the reader (ordered %s)",
    async (ordered) => {
      const results = new Results(ordered);
      for (const index of [0, 1, 3]) results.push(result(index));
      await results.take();
      expect(results.discard()).toBe(2);
      expect(results.discard()).toBe(0);
      expect(results.push(result(2))).toBe(false);
      expect(await results.take()).toBeUndefined();
    },
  );

  it("keeps the order over many, with few at a time", async () => {
    const results = new Results(false);
    const taken: number[] = [];
    for (let index = 0; index < 10_000; index += 1) {
      results.push(result(index));
      if (index >= 2_000) taken.push(((await results.take()) as Result).index);
    }
    results.end();
    taken.push(...(await drain(results)));
    expect(taken).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
  });
});
