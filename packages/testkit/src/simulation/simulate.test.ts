import { describe, expect, it } from "vitest";
import { brokers } from "./brokers.ts";
import { mutants } from "./mutants.ts";
import { drawSetting, type Setting } from "./setting.ts";
import { simulate } from "./simulate.ts";

/** The first seed that draws this broker. */
function seedOf(broker: string): number {
  for (let seed = 1; ; seed += 1) if (drawSetting(seed).broker === broker) return seed;
}

describe("a seed", () => {
  it.each(brokers)("means the same each time: %s", async (broker) => {
    const seed = seedOf(broker);
    const [one, other] = [await simulate({ seed }), await simulate({ seed })];
    expect(one.broker).toBe(broker);
    expect(one.handlerRuns).toBeGreaterThan(0);
    expect([other.hash, other.tookMs, other.handlerRuns]).toEqual([one.hash, one.tookMs, one.handlerRuns]);
    expect(one.violation).toBeUndefined();
  });

  it("is another than the next one", async () => {
    const hashes = new Set<string>();
    for (let seed = 1; seed <= 10; seed += 1) hashes.add((await simulate({ seed })).hash);
    expect(hashes.size).toBe(10);
  });

  it("means the same where a promise is broken, and its trace speaks of the task", async () => {
    // Tokens are judged where frames are single.
    const change = (setting: Setting) => ({ ...setting, dispatcher: { ...setting.dispatcher, packs: false } });
    const options = { seed: 21, decorate: mutants["counts no loss"], change };
    const [one, other] = [await simulate(options), await simulate(options)];
    expect(one.violation?.message).toMatch(/^I5: r1\/3 ran with token/);
    expect(one.trace.length).toBeGreaterThan(3);
    expect(one.trace.some((line) => line.includes("task_started taskId=r1/3 "))).toBe(true);
    expect([other.violation?.message, other.trace, other.hash]).toEqual([one.violation?.message, one.trace, one.hash]);
  });
});

describe("a handler of one's own", () => {
  it("runs in it, with its own inputs", async () => {
    const seen: unknown[] = [];
    const inputs = ["a", "b", "c"];
    const { results, violation } = await simulate({
      seed: 3,
      inputs,
      handler: (payload, { attempt }) => {
        seen.push(payload);
        return `${payload}${attempt}`;
      },
    });
    expect(violation).toBeUndefined();
    expect(new Set(seen)).toEqual(new Set(inputs));
    expect(results.map(({ index }) => index).sort()).toEqual([0, 1, 2]);
    for (const { outcome, value, index } of results)
      if (outcome === "completed") expect(value).toMatch(new RegExp(`^${inputs[index]}\\d$`));
  });

  it("that never returns is timed out like any other", async () => {
    const { results, violation } = await simulate({ seed: 3, inputs: [1, 2], handler: () => new Promise(() => {}) });
    expect(violation).toBeUndefined();
    expect(results.map(({ outcome }) => outcome)).toEqual(["dead", "dead"]);
  });
});

describe("what is wrong is found", () => {
  it.each(Object.entries(mutants))(
    "within 100 seeds: %s",
    async (_, decorate) => {
      let found: Error | undefined;
      for (let seed = 1; seed <= 100 && found === undefined; seed += 1)
        found = (await simulate({ seed, decorate })).violation;
      expect(found?.message).toMatch(/\b[IL]\d+\b/);
    },
    120_000,
  );
});
