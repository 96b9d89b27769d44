import { expect, it } from "vitest";
import type { DispatchEvent } from "./contract/index.ts";
import { joinObservers } from "./observers.ts";

const event: DispatchEvent = { event: "warning", code: "UNSUPPORTED", message: "careful" };

it("tells each of everything, whatever one of them throws", () => {
  const seen: string[] = [];
  const observe = joinObservers(
    () => void seen.push("first"),
    undefined,
    () => {
      throw new Error("a fault of its own");
    },
    ({ event: name }) => void seen.push(name),
  );
  observe?.(event);
  expect(seen).toEqual(["first", "warning"]);
});

it("a pair is told in order, whichever of them throws", () => {
  const seen: string[] = [];
  const fail = () => {
    throw new Error("a fault of its own");
  };
  joinObservers(() => void seen.push("a"), () => void seen.push("b"))?.(event); // biome-ignore format: one line
  joinObservers(fail, () => void seen.push("c"))?.(event);
  expect(seen).toEqual(["a", "b", "c"]);
});

it("of none is none, and of one is that one: neither costs anything", () => {
  const one = () => {};
  expect([joinObservers(), joinObservers(undefined), joinObservers(undefined, one)]).toEqual([
    undefined,
    undefined,
    one,
  ]);
});
