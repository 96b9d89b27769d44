import { expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import { LeaseEnds } from "./lease-ends.ts";

it("knows when a lease may be over, counted from its grant or from what came before a renewal", async () => {
  const clock = new VirtualClock();
  const ends = new LeaseEnds<object>(clock);
  const receipt = {};
  expect(ends.isOver(receipt, 0)).toBe(true);
  ends.granted(receipt, 3_000);
  await clock.advance(1_999);
  expect(ends.isOver(receipt, 1_000)).toBe(false);
  await clock.advance(1);
  expect(ends.isOver(receipt, 1_000)).toBe(true);
  expect(ends.isOver(receipt, 0)).toBe(false);
  ends.granted(receipt, 3_000, ends.now() - 500);
  await clock.advance(2_499);
  expect(ends.isOver(receipt, 0)).toBe(false);
  await clock.advance(1);
  expect(ends.isOver(receipt, 0)).toBe(true);
});
