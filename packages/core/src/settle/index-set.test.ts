import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IndexSet } from "./index-set.ts";

describe("a set of indexes", () => {
  it("has what was added and nothing else, as a Set would", () => {
    const index = fc.oneof(fc.nat(3_000), fc.nat(2 ** 32 - 1), fc.constantFrom(0, 31, 32, 1_023, 1_024, 2 ** 40));
    fc.assert(
      fc.property(fc.array(index, { maxLength: 200 }), fc.array(index, { maxLength: 50 }), (added, others) => {
        const [set, model] = [new IndexSet(), new Set<number>()];
        for (const each of added) {
          set.add(each);
          model.add(each);
        }
        expect(set.size).toBe(model.size);
        for (const each of [...added, ...others]) expect(set.has(each)).toBe(model.has(each));
      }),
    );
  });
});
