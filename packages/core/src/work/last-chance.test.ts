import { describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import { LastChance } from "./last-chance.ts";

const STEP_MS = 1_000;
const CAPACITY = 10;

function start() {
  const clock = new VirtualClock();
  const woken: number[] = [];
  const chance = new LastChance(clock, STEP_MS, () => woken.push(clock.now()));
  return { clock, woken, chance, most: (held: number) => chance.most(CAPACITY, held) };
}

describe("LastChance", () => {
  it("leaves everything as it is while none was met", () => {
    const { most } = start();
    expect([0, 3, CAPACITY].map(most)).toEqual([CAPACITY, CAPACITY, CAPACITY]);
  });

  it("keeps what it gives back away for one step, and each further one for one more: they must not come back together", () => {
    const { chance } = start();
    const delays = Array.from({ length: 9 }, () => chance.met() / STEP_MS);
    expect(delays).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 1]);
  });

  it("begins with one step again once it takes as usual", async () => {
    const { clock, chance, most } = start();
    chance.met();
    expect(most(0)).toBe(1);
    await clock.advance(2 * STEP_MS);
    expect(most(0)).toBe(CAPACITY);
    expect(chance.met()).toBe(STEP_MS);
  });

  it("met beside others: lets all go, then takes single ones for two steps, then as usual", async () => {
    const { clock, woken, chance, most } = start();
    chance.met();
    expect([5, 1].map(most)).toEqual([0, 0]);
    await clock.advance(10 * STEP_MS);
    expect(most(1)).toBe(0);
    expect(most(0)).toBe(1);
    await clock.advance(2 * STEP_MS - 1);
    expect([0, 1].map(most)).toEqual([1, 1]);
    expect(woken).toEqual([]);
    await clock.advance(1);
    expect(woken).toEqual([12 * STEP_MS]);
    expect(most(0)).toBe(CAPACITY);
  });

  it("taken alone: nothing beside it, and as usual once it is gone", async () => {
    const { clock, chance, most } = start();
    chance.took();
    expect(most(1)).toBe(0);
    await clock.advance(100 * STEP_MS);
    expect(most(1)).toBe(0);
    expect(most(0)).toBe(CAPACITY);
  });

  it("taken in the single time ends that time", () => {
    const { chance, most } = start();
    chance.met();
    expect(most(0)).toBe(1);
    chance.took();
    expect(most(1)).toBe(0);
    expect(most(0)).toBe(CAPACITY);
  });

  it("met once more in the single time does not lengthen it", async () => {
    const { clock, chance, most } = start();
    chance.met();
    expect(most(0)).toBe(1);
    await clock.advance(STEP_MS);
    chance.met();
    expect(most(1)).toBe(1);
    await clock.advance(STEP_MS);
    expect(most(1)).toBe(CAPACITY);
  });

  it("says whether one is taken, until it is gone", () => {
    const { chance, most } = start();
    chance.met();
    most(0);
    expect(chance.isTaken).toBe(false);
    chance.took();
    expect(chance.isTaken).toBe(true);
    most(1);
    expect(chance.isTaken).toBe(true);
    most(0);
    expect(chance.isTaken).toBe(false);
  });
});
