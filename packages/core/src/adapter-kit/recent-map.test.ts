import { expect, it } from "vitest";
import { RecentMap } from "./recent-map.ts";

it("keeps the last thousand that were set", () => {
  const map = new RecentMap<number>();
  for (let at = 0; at < 1_000; at += 1) map.set(`${at}`, at);
  map.delete("500");
  map.set("0", -1);
  expect([map.size, map.get("0"), map.get("500")]).toEqual([999, -1, undefined]);
  for (let at = 1_000; at < 5_000; at += 1) map.set(`${at}`, at);
  expect([map.size, map.get("3999"), map.get("4000"), map.get("4999")]).toEqual([1_000, undefined, 4_000, 4_999]);
});
