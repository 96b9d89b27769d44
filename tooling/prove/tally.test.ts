import { expect, test } from "vitest";
import { misbookedOf, secondsOf } from "./counters.ts";
import { Gate } from "./gate.ts";
import { Hands } from "./hands.ts";
import { Tally } from "./tally.ts";

const completed = (n: number) => ({ outcome: "completed", value: { n } }) as const;
const dead = (code: "LOST" | "VANISHED") => ({ outcome: "dead", error: { name: "Error", message: "", code } }) as const;

function tallied(lie: (tally: Tally) => void) {
  const tally = new Tally(4);
  for (let n = 0; n < 4; n += 1) tally.acknowledge(n);
  for (let n = 0; n < 3; n += 1) tally.result(n, completed(n));
  lie(tally);
  return tally.counters;
}
const honest = { acknowledged: 4, completed: 4, dead: 0, lost: 0, unexpected: 0, doubled: 0 };

test.each([
  ["as it should be", (tally: Tally) => tally.result(3, completed(3)), {}],
  ["no result at all", () => {}, { completed: 3, lost: 1 }],
  ["one that the run gave up", (tally: Tally) => tally.result(3, { outcome: "cancelled" }), { completed: 3, lost: 1 }],
  ["one that the broker lost", (tally: Tally) => tally.result(3, dead("VANISHED")), { completed: 3, dead: 1, lost: 1 }],
  ["one that was taken for poison", (tally: Tally) => tally.result(3, dead("LOST")), { completed: 3, dead: 1 }],
  ["the value of another task", (tally: Tally) => tally.result(3, completed(2)), { unexpected: 1 }],
  ["a completion without a value", (tally: Tally) => tally.result(3, { outcome: "completed" }), { unexpected: 1 }],
  [
    "a result that came twice",
    (tally: Tally) => [completed(3), completed(3)].forEach((result) => void tally.result(3, result)),
    { doubled: 1 },
  ],
  [
    "a result that comes instead of another",
    (tally: Tally) => tally.result(2, completed(2)),
    { completed: 3, lost: 1, doubled: 1 },
  ],
  ["a task that there was not", (tally: Tally) => [3, 4].forEach((n) => void tally.result(n, completed(n))), { unexpected: 1 }],
])("%s", (_, lie, shows) => {
  expect(tallied(lie)).toEqual({ ...honest, ...shows });
}); // biome-ignore format: a line a lie

test("what is odd is told, some of it", () => {
  const tally = new Tally(20);
  tally.result(0, completed(0));
  for (let n = 1; n < 20; n += 1) tally.result(n, dead("LOST"));
  expect(tally.oddities.length).toBe(10);
  expect(tally.oddities[0]).toMatch(/^task 1: .*"LOST"/);
});

test("books that differ from what was counted", () => {
  const half = { total: 2, completed: 2, dead: 0, expired: 0, cancelled: 0 };
  expect(misbookedOf([half, half], 4, { completed: 4, dead: 0 })).toBe(0);
  expect(misbookedOf([half, { ...half, completed: 1 }], 4, { completed: 4, dead: 0 })).toBe(2);
  expect(misbookedOf([half], 4, { completed: 4, dead: 0 })).toBe(6);
});

test("a task is begun twice, and taken over from who is gone", () => {
  const hands = new Hands(3);
  for (const n of [0, 1, 2]) hands.started("one", n, 10);
  hands.ended("one", 0);
  expect([...hands.of("one")]).toEqual([1, 2]);
  hands.started("two", 1, 15);
  expect(hands.redelivered).toEqual([]);
  hands.lose("one", 20);
  hands.started("two", 0, 50);
  hands.started("two", 2, 60);
  hands.started("three", 2, 90);
  expect(hands.redelivered).toEqual([40]);
  expect([0, 1, 2].map((n) => hands.isTaken("one", n))).toEqual([false, false, true]);
  expect(hands.duplicateExecutions).toBe(4);
  hands.started("two", 1, 99, true);
  expect([hands.redelivered, hands.duplicateExecutions]).toEqual([[40], 5]);
});

test("seconds of what was measured", () => {
  expect(secondsOf([])).toEqual({ count: 0, p50: null, p99: null, max: null });
  expect(secondsOf([3_000, 1_000, 2_000])).toEqual({ count: 3, p50: 2, p99: 2.98, max: 3 });
});

test("the gate lets a portion in, the fault strikes in the middle of it", async () => {
  const gate = new Gate(100, 4);
  expect([gate.open, gate.strikesAt(0), gate.strikesAt(3)]).toEqual([20, 10, 70]);
  gate.begin(0);
  gate.end(0);
  expect(gate.open).toBe(40);
  gate.close();
  const numbers: number[] = [];
  for await (const n of gate.numbers(1, 2, new AbortController().signal)) numbers.push(n);
  expect([numbers.length, numbers[0], numbers.at(-1)]).toEqual([50, 1, 99]);
});
