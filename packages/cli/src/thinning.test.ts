import { expect, test } from "vitest";
import { thinning } from "./thinning.ts";

test("says the first five of a kind, then those that make ten, a hundred, a thousand", () => {
  const thin = thinning({ now: () => 0 });
  const said = Array.from({ length: 5_000 }, (_, index) => thin("lost", `line ${index + 1}`)).filter(Boolean);
  expect(said).toEqual([
    ...["line 1", "line 2", "line 3", "line 4", "line 5", "line 10 (so far 10 such lines)"],
    ...["line 100 (so far 100 such lines)", "line 1000 (so far 1,000 such lines)"],
  ]);
  expect(thin("other", "another kind")).toBe("another kind");
});

test("says them one by one again after ten seconds of quiet", () => {
  let nowMs = 0;
  const thin = thinning({ now: () => nowMs });
  for (let count = 0; count < 50; count += 1) thin("lost", "early");
  nowMs = 10_000;
  expect(thin("lost", "not yet")).toBeUndefined();
  nowMs = 20_001;
  expect(thin("lost", "late")).toBe("late");
});
