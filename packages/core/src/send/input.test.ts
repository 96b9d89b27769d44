import { describe, expect, it } from "vitest";
import { KIND } from "../errors.ts";
import { Input, input, invalidInput, isInput } from "./input.ts";

describe("input", () => {
  it("carries a payload with options of its own", () => {
    expect(input("a", { priority: 7 })).toMatchObject({ payload: "a", options: { priority: 7 }, invalid: undefined });
    expect(input(undefined).options).toEqual({});
  });

  it("may be known to be unusable", () => {
    expect(invalidInput("line 7: no JSON")).toMatchObject({ options: {}, invalid: "line 7: no JSON" });
  });

  it.each<[string, unknown, boolean]>([
    ["ours", input(1), true],
    ["an invalid one", invalidInput("x"), true],
    ["one of another copy of the package", { [Symbol.for("@org/dispatch-core/kind")]: "Input", payload: 1 }, true],
    ["a payload that looks like one", { payload: 1, options: {}, invalid: undefined }, false],
    ["a payload from JSON", JSON.parse(JSON.stringify(input(1))), false],
    ["another kind", { [KIND]: "Retry" }, false],
    ["null", null, false],
    ["a text", "Input", false],
  ])("is told apart: %s", (_, value, expected) => {
    expect(isInput(value)).toBe(expected);
    expect(input(1)).toBeInstanceOf(Input);
  });
});
