import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Delays } from "./delays.ts";
import { Ready } from "./ready.ts";
import { Ring } from "./ring.ts";
import { StoredFrame } from "./stored-frame.ts";

const bytes = new Uint8Array(0);
const stored = (sequence: number, level = 0) => new StoredFrame(bytes, level, undefined, sequence);
const inRing = (ring: Ring) => Array.from({ length: ring.size }, (_, place) => ring.at(place).sequence);

describe("Ring", () => {
  it("keeps the order of sequences through growing, shrinking and putting back", () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant("push") },
      { weight: 2, arbitrary: fc.constant("shift") },
      { weight: 2, arbitrary: fc.constant("restore") },
      { weight: 1, arbitrary: fc.constant("shift many") },
      { weight: 1, arbitrary: fc.constant("push many") },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), (steps, seed) => {
        const ring = new Ring();
        let model: number[] = [];
        const out: number[] = [];
        let sequence = 0;
        const push = () => {
          sequence += 1;
          ring.push(stored(sequence));
          model.push(sequence);
        };
        const shift = () => {
          expect(ring.shift().sequence).toBe(model[0]);
          out.push(model.shift() as number);
        };
        for (const [at, what] of steps.entries()) {
          if (what === "push") push();
          else if (what === "push many") for (let i = 0; i < 70; i += 1) push();
          else if (what === "shift" && model.length > 0) shift();
          else if (what === "shift many") while (model.length > 3) shift();
          else if (what === "restore" && out.length > 0) {
            const [back] = out.splice((seed + at) % out.length, 1) as [number];
            ring.restore(stored(back));
            model = [...model, back].sort((one, other) => one - other);
          }
        }
        expect(inRing(ring)).toEqual(model);
        for (const probe of [0, 1, sequence >> 1, sequence]) {
          expect(ring.placeAfter(probe)).toBe(model.filter((one) => one <= probe).length);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("Delays", () => {
  it("gives by due time, then by sequence", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 50 }), (dues) => {
        const delays = new Delays();
        for (const [sequence, dueAtMs] of dues.entries()) {
          const one = stored(sequence);
          one.dueAtMs = dueAtMs;
          delays.push(one);
        }
        expect(delays.nextAtMs).toBe(Math.min(...dues));
        const given: [number, number][] = [];
        for (let one = delays.shift(); one !== undefined; one = delays.shift()) given.push([one.dueAtMs, one.sequence]);
        const expected = dues.map((due, sequence): [number, number] => [due, sequence]);
        expect(given).toEqual(expected.sort(([a, b], [c, d]) => a - c || b - d));
      }),
    );
  });
});

describe("Ready", () => {
  it("serves the frame that has waited longest at the 16th grant made while a lower level waits", () => {
    const ready = new Ready();
    ready.push(stored(1, 0));
    ready.push(stored(2, 3));
    for (let sequence = 3; sequence <= 40; sequence += 1) ready.push(stored(sequence, 10));
    const grants = Array.from({ length: 32 }, () => ready.shift().sequence);
    const high = (from: number) => Array.from({ length: 15 }, (_, at) => from + at);
    expect(grants).toEqual([...high(3), 1, ...high(18), 2]);
    expect(ready.size).toBe(8);
  });

  it("does not count grants made while nothing else waits", () => {
    const ready = new Ready();
    for (let sequence = 1; sequence <= 30; sequence += 1) ready.push(stored(sequence, 10));
    for (let grant = 0; grant < 15; grant += 1) ready.shift();
    ready.push(stored(31, 0));
    const grants = Array.from({ length: 16 }, () => ready.shift().sequence);
    expect(grants).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]);
  });
});
