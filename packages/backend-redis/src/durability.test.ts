import { expect, it } from "vitest";
import { durabilityOf } from "./durability.ts";

it("waits for nothing unless it is asked to", () => {
  expect(durabilityOf(0, false)).toBeUndefined();
});

it("waits for replicas", () => {
  const durability = durabilityOf(2, false);
  expect(durability?.command).toEqual(["wait", 2, 3_000]);
  expect(() => durability?.check(2)).not.toThrow();
  expect(() => durability?.check(1)).toThrow("1 of 2 replicas");
});

it("waits for disks", () => {
  const durability = durabilityOf(1, true);
  expect(durability?.command).toEqual(["waitaof", 1, 1, 3_000]);
  expect(() => durability?.check([1, 1])).not.toThrow();
  expect(() => durability?.check([0, 1])).toThrow("0 of 1 server");
  expect(() => durability?.check([1, 0])).toThrow("0 of 1 replicas");
});
