import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LaneCredit } from "./lane-credit.ts";

const WEIGHTS = [8, 3, 1] as const;
const lanes = [...WEIGHTS.keys()];

/** All lanes have had something. */
function active(weights: readonly number[] = WEIGHTS): LaneCredit {
  const credit = new LaneCredit(weights);
  for (const lane of weights.keys()) {
    credit.ask(lane, 1);
    credit.answered(lane, 1);
  }
  return credit;
}

describe("LaneCredit", () => {
  it("gives all to a lane that is alone, and lets it wait for it", () => {
    const credit = new LaneCredit([1]);
    expect([credit.ask(0, 7), credit.stands(0)]).toEqual([7, true]);
    credit.answered(0, 0);
    expect(credit.ask(0, 5)).toBe(5);
  });

  it("keeps one standing receive of one frame for each empty lane", () => {
    const credit = new LaneCredit(WEIGHTS);
    for (const lane of lanes) expect([credit.ask(lane, 100), credit.stands(lane)]).toEqual([1, true]);
  });

  it.each([0, -3])("gives nothing of %d", (left) => {
    const credit = active();
    for (const lane of lanes) expect(credit.ask(lane, left)).toBe(0);
  });

  it("divides much by weight among the lanes that brought something, in whichever order they ask, and lets none of them stand", () => {
    const orders = fc.shuffledSubarray(lanes, { minLength: 3 });
    fc.assert(
      fc.property(orders, fc.integer({ min: 12, max: 10_000 }), (order, left) => {
        const credit = active();
        let sum = 0;
        for (const lane of order) {
          const max = credit.ask(lane, left);
          const exact = (left * (WEIGHTS[lane] as number)) / 12;
          // What was cut off the shares before it is left to those after.
          expect(Math.abs(max - exact)).toBeLessThan(3);
          expect(credit.stands(lane)).toBe(false);
          sum += max;
        }
        expect(sum).toBeLessThanOrEqual(left);
        expect(sum).toBeGreaterThan(left - lanes.length);
      }),
    );
  });

  it("divides little turn by turn: of twelve frames, each lane has its weight", () => {
    for (const left of [1, 2, 5, 11]) {
      const credit = active();
      const given = WEIGHTS.map(() => 0);
      const sum = () => given.reduce((all, count) => all + count, 0);
      while (sum() < 12 * 50) {
        for (const lane of lanes) {
          const max = credit.ask(lane, left);
          expect(max).toBeLessThanOrEqual(left);
          if (max === 0) continue;
          given[lane] = (given[lane] as number) + max;
          credit.answered(lane, max);
        }
      }
      WEIGHTS.forEach((weight, lane) => {
        expect(Math.abs((given[lane] as number) - weight * 50), `${left} left: ${given}`).toBeLessThanOrEqual(12);
      });
    }
  });

  it("gives what a lane asked for in vain to the others", () => {
    const credit = active();
    credit.ask(0, 14);
    credit.answered(0, 0);
    expect([credit.ask(0, 14), credit.stands(0)]).toEqual([1, true]);
    // A standing receive takes nothing from the others: by it a worker may hold more than its capacity.
    expect([credit.ask(1, 14), credit.ask(2, 14)]).toEqual([10, 3]);
  });

  it("stalls nobody: when nothing is held and nothing is under way, somebody may ask", () => {
    const step = fc.record({ lane: fc.nat(lanes.length - 1), brought: fc.nat(3) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 15 }), fc.array(step, { maxLength: 60 }), (capacity, steps) => {
        const credit = new LaneCredit(WEIGHTS);
        for (const { lane, brought } of steps) {
          const max = credit.ask(lane, capacity);
          if (max > 0) credit.answered(lane, Math.min(brought, max));
        }
        const wants = lanes.map((lane) => credit.ask(lane, capacity));
        expect(wants.reduce((sum, want) => sum + want, 0)).toBeGreaterThan(0);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is never above what is left and one for each other lane, in any order of asking and answering", () => {
    const few = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(20));
    const many = fc.oneof({ weight: 3, arbitrary: fc.constant(40) }, fc.nat(20));
    const step = fc.record({ lane: fc.nat(lanes.length - 1), brought: many, done: few });
    const steps = fc.array(step, { minLength: 40, maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), steps, (capacity, steps) => {
        const credit = new LaneCredit(WEIGHTS);
        const asked = WEIGHTS.map(() => 0);
        let held = 0;
        for (const { lane, brought, done } of steps) {
          const max = asked[lane] as number;
          if (max > 0) {
            const count = Math.min(max, brought);
            held += count;
            asked[lane] = 0;
            credit.answered(lane, count);
          } else {
            held -= Math.min(held, done);
            asked[lane] = credit.ask(lane, capacity - held);
          }
          const wants = asked.reduce((sum, want) => sum + want, 0);
          expect(held + wants).toBeLessThanOrEqual(capacity + lanes.length - 1);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("keeps to the weights over a long run in which all lanes are full and slots are freed one by one", () => {
    for (const capacity of [1, 4, 10, 40]) {
      const credit = active();
      const brought = WEIGHTS.map(() => 0);
      let held = 0;
      for (let turn = 0; turn < 12_000; turn += 1) {
        // All of them ask before the first of them is answered.
        for (const [lane, max] of lanes.map((one) => [one, credit.ask(one, capacity - held)] as const)) {
          if (max === 0) continue;
          held += max;
          brought[lane] = (brought[lane] as number) + max;
          credit.answered(lane, max);
        }
        held -= 1;
      }
      const all = brought.reduce((sum, count) => sum + count, 0);
      WEIGHTS.forEach((weight, lane) => {
        const share = (12 * (brought[lane] as number)) / all;
        expect(Math.abs(share - weight), `a capacity of ${capacity}: ${brought}`).toBeLessThan(1);
      });
    }
  });

  it("keeps to the weights where receives take their time, each lane's its own", () => {
    for (const capacity of [2, 5, 10, 40]) {
      for (const tripsTicks of [
        [4, 4, 4],
        [9, 3, 5],
        [3, 5, 9],
      ]) {
        const credit = active();
        const brought = WEIGHTS.map(() => 0);
        const under: ({ readonly max: number; ticks: number } | undefined)[] = WEIGHTS.map(() => undefined);
        let held = 0;
        for (let tick = 0; tick < 60_000; tick += 1) {
          for (const lane of lanes) {
            const trip = under[lane];
            if (trip !== undefined && --trip.ticks === 0) {
              under[lane] = undefined;
              held += trip.max;
              brought[lane] = (brought[lane] as number) + trip.max;
              credit.answered(lane, trip.max);
            }
          }
          for (const lane of lanes) {
            if (under[lane] !== undefined) continue;
            const max = credit.ask(lane, capacity - held);
            if (max > 0) under[lane] = { max, ticks: tripsTicks[lane] as number };
          }
          if (tick % 2 === 0) held = Math.max(0, held - 1);
        }
        const all = brought.reduce((sum, count) => sum + count, 0);
        expect(all, "slots were left empty").toBeGreaterThan(60_000 / 2 / 12);
        WEIGHTS.forEach((weight, lane) => {
          const share = (12 * (brought[lane] as number)) / all;
          expect(Math.abs(share - weight), `a capacity of ${capacity}, ${tripsTicks}: ${brought}`).toBeLessThan(1);
        });
      }
    }
  });

  it("holds nothing against a lane that comes back, whatever it had when it was alone", () => {
    const credit = new LaneCredit(WEIGHTS);
    const take = (lane: number, left: number) => {
      const max = credit.ask(lane, left);
      if (max > 0) credit.answered(lane, max);
      return max;
    };
    for (let round = 0; round < 100; round += 1) take(1, 20);
    credit.ask(1, 20);
    credit.answered(1, 0);
    take(2, 20);
    // Both are there now, and neither has anything to make good.
    take(1, 20);
    const sums = [0, 0];
    for (let turn = 0; turn < 400; turn += 1) {
      sums[0] = (sums[0] as number) + take(1, 2);
      sums[1] = (sums[1] as number) + take(2, 2);
    }
    expect((sums[0] as number) / (sums[1] as number)).toBeCloseTo(3, 1);
  });
});
