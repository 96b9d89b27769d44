import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ids } from "./ids.ts";

/** More than a generation has. */
const MANY = 5_000;

/** As the books of one would be that counts the frames of each id. */
class Counts {
  readonly frames = new Map<string, number>();

  add(id: string): void {
    this.frames.set(id, (this.frames.get(id) ?? 0) + 1);
  }

  subtract(id: string): void {
    const left = (this.frames.get(id) ?? 0) - 1;
    if (left > 0) this.frames.set(id, left);
    else this.frames.delete(id);
  }
}

describe("Ids", () => {
  it("knows which are taken, however many have come and gone", () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("many" as const), stay: fc.nat(3) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("claim" as const), at: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("take" as const), at: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("free" as const), at: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const ids = new Ids();
        const counts = new Counts();
        let made = 0;
        for (const done of steps) {
          if (done.kind === "many") {
            const fresh = Array.from({ length: MANY }, () => `run/${made++}`);
            for (const id of fresh) {
              expect(ids.claim(id)).toBe(true);
              counts.add(id);
            }
            for (const id of fresh.slice(done.stay)) {
              ids.free(id);
              counts.subtract(id);
            }
            continue;
          }
          const known = [...counts.frames.keys()];
          const id = known.length === 0 || done.at % 5 === 0 ? `other/${done.at % 9}` : known[done.at % known.length];
          if (id === undefined) continue;
          if (done.kind === "claim") {
            const isNew = !counts.frames.has(id);
            expect(ids.claim(id)).toBe(isNew);
            if (isNew) counts.add(id);
          } else if (done.kind === "take") {
            ids.take(id);
            counts.add(id);
          } else if (counts.frames.has(id)) {
            ids.free(id);
            counts.subtract(id);
          }
        }
        for (const id of counts.frames.keys()) expect(ids.has(id)).toBe(true);
        for (let index = 0; index < made; index += 997) {
          const id = `run/${index}`;
          expect(ids.has(id)).toBe(counts.frames.has(id));
        }
      }),
      { numRuns: 30 },
    );
  });

  it("keeps what stays through many generations of what goes", () => {
    const ids = new Ids();
    for (let round = 0; round < 40; round += 1) {
      ids.claim(`stays/${round}`);
      for (let index = 0; index < MANY; index += 1) ids.claim(`goes/${round}/${index}`);
      for (let index = 0; index < MANY; index += 1) ids.free(`goes/${round}/${index}`);
    }
    for (let round = 0; round < 40; round += 1) expect(ids.claim(`stays/${round}`)).toBe(false);
    for (let round = 0; round < 40; round += 1) ids.free(`stays/${round}`);
    for (let round = 0; round < 40; round += 1) expect(ids.claim(`stays/${round}`)).toBe(true);
    expect(ids.has("goes/39/0")).toBe(false);
  });
});
