import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IndexMap } from "./index-map.ts";

describe("IndexMap", () => {
  it("is a map, whatever is done to it", () => {
    const index = fc.nat({ max: 5_000 });
    const steps = fc.array(fc.tuple(fc.constantFrom("set", "delete", "get"), index), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (list) => {
        const real = new IndexMap<{ readonly at: number }>();
        const model = new Map<number, { readonly at: number }>();
        for (const [what, at] of list) {
          if (what === "set") {
            const item = { at };
            real.set(at, item);
            model.set(at, item);
          } else if (what === "delete") {
            expect(real.take(at)).toBe(model.get(at));
            model.delete(at);
          } else expect(real.get(at)).toBe(model.get(at));
          expect(real.size).toBe(model.size);
        }
        expect(new Map(real.entries())).toEqual(model);
      }),
    );
  });
});
