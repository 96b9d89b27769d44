import { describe, expect, it } from "vitest";
import { Ladder, MOST_DELAY_MS, type Rung } from "./ladder.ts";

const ladder = new Ladder("l");
const rungs = new Map(ladder.rungs().map((rung) => [rung.name, rung]));

/** Does a topic exchange find a key under a pattern? `*` is one word, `#` any number of them. */
function matches(pattern: string, key: string): boolean {
  const source = pattern
    .split(".")
    .map((word) => (word === "*" ? "[^.]+" : word === "#" ? ".*" : word))
    .join("\\.");
  return new RegExp(`^${source}$`).test(key);
}

/** How long a message is on its way, and through how many queues. */
function descend(delayMs: number): { readonly waitedMs: number; readonly queues: number } {
  const { exchange, key } = ladder.route("ns.tasks", delayMs);
  let waitedMs = 0;
  let queues = 0;
  let at = exchange;
  for (let steps = 0; at !== ladder.due; steps += 1) {
    const { ttlMs, below, waits, passes } = rungs.get(at) as Rung;
    expect([matches(waits, key), matches(passes, key)].filter(Boolean), "one way, and no other").toHaveLength(1);
    if (matches(waits, key)) {
      waitedMs += ttlMs;
      queues += 1;
    }
    at = below;
    expect(steps).toBeLessThan(28);
  }
  expect(matches(ladder.binding("ns.tasks"), key)).toBe(true);
  expect(matches(ladder.binding("tasks"), key)).toBe(false);
  return { waitedMs, queues };
}

describe("the ladder", () => {
  it.each([1, 99, 100, 101, 150, 1_000, 3_333, 60_000, 86_400_000, MOST_DELAY_MS - 1, MOST_DELAY_MS])(
    "makes a message wait for %i ms, never less, and less than a unit more than that",
    (delayMs) => {
      const { waitedMs, queues } = descend(delayMs);
      expect(waitedMs).toBeGreaterThanOrEqual(delayMs);
      expect(waitedMs - queues).toBeLessThan(delayMs + 100);
    },
  );

  it("begins at the highest rung that is needed, and is made from the bottom up", () => {
    expect(ladder.route("q", 100).exchange).toBe("l.0");
    expect(ladder.route("q", 6_400).exchange).toBe("l.6");
    expect([...rungs.keys()]).toEqual(Array.from({ length: 28 }, (_, level) => `l.${level}`));
    expect([...rungs.keys()].at(-1)).toBe(ladder.top);
  });

  it("has routing keys that the protocol takes, whatever a queue is called", () => {
    const { key } = ladder.route("x".repeat(255), MOST_DELAY_MS);
    expect(Buffer.byteLength(key)).toBeLessThanOrEqual(255);
  });
});
