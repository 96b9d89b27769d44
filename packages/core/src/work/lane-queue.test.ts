import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LaneQueue } from "./lane-queue.ts";

const WEIGHTS = [8, 3, 1] as const;
const SUM = 12;

/** Takes `count` out and says from which lanes they were. */
const take = (queue: LaneQueue<number>, count: number) => Array.from({ length: count }, () => queue.shift());

function flooded(count: number): LaneQueue<number> {
  const queue = new LaneQueue<number>(WEIGHTS);
  for (let turn = 0; turn < count; turn += 1) for (const lane of WEIGHTS.keys()) queue.push(lane, lane);
  return queue;
}

describe("LaneQueue", () => {
  it("gives the highest lane first, and each lane in its order", () => {
    const queue = new LaneQueue<string>(WEIGHTS);
    queue.push(2, "low");
    queue.push(1, "normal 1");
    queue.push(1, "normal 2");
    queue.push(0, "high");
    expect(queue.size).toBe(4);
    expect([queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([
      "high",
      "normal 1",
      "normal 2",
      "low",
    ]);
    expect([queue.shift(), queue.size]).toEqual([undefined, 0]);
  });

  it("is one lane in its order where there is only one", () => {
    const queue = new LaneQueue<number>([1]);
    for (let n = 0; n < 50; n += 1) queue.push(0, n);
    expect(take(queue, 50)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  it("gives each lane that waits its weight, of so many in a row as the weights sum up to", () => {
    const order = take(flooded(1_200), SUM * 100);
    for (let from = 0; from + SUM <= order.length; from += 1) {
      const counts = WEIGHTS.map((_, lane) => order.slice(from, from + SUM).filter((one) => one === lane).length);
      expect(counts).toEqual(WEIGHTS);
    }
  });

  it("lets what one lane does not use go to the others", () => {
    const queue = new LaneQueue<number>(WEIGHTS);
    for (let n = 0; n < 40; n += 1) for (const lane of [1, 2]) queue.push(lane, lane);
    const order = take(queue, 40);
    expect(order.filter((lane) => lane === 1)).toHaveLength(30);
    expect(order.slice(0, 4)).toEqual([1, 1, 1, 2]);
  });

  it("takes all out", () => {
    const queue = flooded(3);
    queue.shift();
    expect(queue.clear()).toEqual([0, 0, 1, 1, 1, 2, 2, 2]);
    expect([queue.size, queue.shift()]).toEqual([0, undefined]);
    queue.push(2, 2);
    expect([queue.size, queue.shift()]).toEqual([1, 2]);
  });

  it("starves nobody: before the first of a lane go at most two rounds of the others", () => {
    // Bursts of a lane, or of starts: what is empty for a while and then flooded is the worst.
    const burst = fc.tuple(fc.integer({ min: -1, max: WEIGHTS.length - 1 }), fc.integer({ min: 1, max: 30 }));
    fc.assert(
      fc.property(fc.array(burst, { maxLength: 40 }), (bursts) => {
        const all = bursts.flatMap(([step, count]) => Array<number>(count).fill(step));
        const queue = new LaneQueue<number>(WEIGHTS);
        const waiting = WEIGHTS.map(() => 0);
        const passed = WEIGHTS.map(() => 0);
        for (const step of all) {
          if (step >= 0) {
            if (waiting[step] === 0) passed[step] = 0;
            waiting[step] = (waiting[step] as number) + 1;
            queue.push(step, step);
            continue;
          }
          const got = queue.shift();
          if (got === undefined) continue;
          waiting[got] = (waiting[got] as number) - 1;
          WEIGHTS.forEach((weight, other) => {
            if (other === got) passed[other] = 0;
            else if ((waiting[other] as number) > 0) {
              passed[other] = (passed[other] as number) + 1;
              expect(passed[other]).toBeLessThanOrEqual(2 * (SUM - weight));
            }
          });
        }
        expect(queue.size).toBe(waiting.reduce((sum, count) => sum + count, 0));
      }),
      { numRuns: 1_000 },
    );
  });
});
