import { expect, it } from "vitest";
import { durabilityOf } from "./durability.ts";

it("waits for nothing unless it is asked to", () => {
  expect(durabilityOf(0, false)).toBeUndefined();
});

it("waits for replicas", () => {
  const durability = durabilityOf(2, false);
  expect(durability?.command).toEqual(["wait", 2, 3_000]);
  expect(durability?.missing(2)).toBeUndefined();
  expect(durability?.missing(1)?.message).toContain("1 of 2 replicas");
});

it("waits for disks", () => {
  const durability = durabilityOf(1, true);
  expect(durability?.command).toEqual(["waitaof", 1, 1, 3_000]);
  expect(durability?.missing([1, 1])).toBeUndefined();
  expect(durability?.missing([0, 1])?.message).toContain("0 of 1 server");
  expect(durability?.missing([1, 0])?.message).toContain("0 of 1 replicas");
});
