import fc from "fast-check";
import { expect, it } from "vitest";
import { PlacedSet } from "./placed-set.ts";

it("is a set, whatever is done to it", () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 9 })), { maxLength: 100 });
  fc.assert(
    fc.property(steps, (list) => {
      const items = Array.from({ length: 10 }, () => ({ place: -1 }));
      const real = new PlacedSet<{ place: number }>();
      const model = new Set<{ place: number }>();
      for (const [adds, which] of list) {
        const item = items[which] as { place: number };
        if (!adds) expect(real.delete(item)).toBe(model.delete(item));
        else if (!model.has(item)) {
          real.add(item);
          model.add(item);
        }
        expect(real.size).toBe(model.size);
        expect(new Set(real.values())).toEqual(model);
      }
    }),
  );
});
