import { describe, expect, it } from "vitest";
import { Dead, Drop, Retry } from "./errors.ts";
import { verdictOf } from "./verdicts.ts";
import type { HandlerEnd } from "./work/running.ts";

const VALUE_BYTES = 1_000;
const of = (end: HandlerEnd, retryable = (_: unknown) => true) => verdictOf(end, 7, VALUE_BYTES, retryable);
const returned = (value: unknown) => of({ kind: "returned", value });

describe("verdictOf", () => {
  it.each<[string, unknown, string | undefined]>([
    ["a value", { a: [1, "ä"] }, '{"a":[1,"ä"]}'],
    ["nothing", undefined, undefined],
    ["null", null, "null"],
    ["what JSON changes", { at: new Date(0), gone: undefined }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ["the largest that travels", "x".repeat(VALUE_BYTES - 2), `"${"x".repeat(VALUE_BYTES - 2)}"`],
  ])("completed: %s", (_, value, json) => {
    expect(returned(value)).toEqual({ kind: "completed", json, durationMs: 7 });
  });

  const circle: unknown[] = [];
  circle.push(circle);
  const thrower = {
    toJSON() {
      throw Object.create(null);
    },
  };
  it.each<[string, unknown, string]>([
    ["one byte too many", "x".repeat(VALUE_BYTES - 1), "TOO_LARGE"],
    ["too large in bytes, not in letters", "€".repeat(VALUE_BYTES / 2), "TOO_LARGE"],
    ["a function", () => 1, "REJECTED"],
    ["a big integer", 1n, "REJECTED"],
    ["a circle", circle, "REJECTED"],
    ["what throws at its reader", thrower, "REJECTED"],
  ])("a value that cannot travel is dead, and no other attempt helps: %s", (_, value, code) => {
    expect(returned(value)).toMatchObject({ kind: "ended", outcome: "dead", attempted: true, error: { code } });
  });

  it.each<[string, HandlerEnd, object]>([
    ["an error", { kind: "threw", error: new Error("boom") }, { kind: "failed", retryable: true, timedOut: false }],
    ["Retry", { kind: "threw", error: new Retry("x", { delayMs: 9 }) }, { kind: "failed", retryable: true, delayMs: 9 }],
    ["Dead", { kind: "threw", error: new Dead("x") }, { kind: "failed", retryable: false }],
    ["Drop", { kind: "threw", error: new Drop("x") }, { kind: "ended", outcome: "cancelled", attempted: true }],
    ["SHUTTING_DOWN", { kind: "stopped", code: "SHUTTING_DOWN" }, { kind: "released", reason: "shutdown", begun: true, delayMs: 0 }],
    ["TIMED_OUT", { kind: "stopped", code: "TIMED_OUT" }, { kind: "failed", timedOut: true, retryable: true, error: { code: "TIMED_OUT" } }],
    ["EXPIRED", { kind: "stopped", code: "EXPIRED" }, { kind: "ended", outcome: "expired", attempted: true, error: { code: "EXPIRED" } }],
    ["CANCELLED", { kind: "stopped", code: "CANCELLED" }, { kind: "ended", outcome: "cancelled", error: { code: "CANCELLED" } }],
  ])("%s", (_, end, expected) => {
    expect(of(end)).toMatchObject({ ...expected, durationMs: 7 });
  }); // biome-ignore format: a table

  it("asks the user's word on an error", () => {
    const retryable = (error: unknown) => error instanceof TypeError;
    expect(of({ kind: "threw", error: new TypeError("x") }, retryable)).toMatchObject({ retryable: true });
    expect(of({ kind: "threw", error: new RangeError("x") }, retryable)).toMatchObject({ retryable: false });
  });
});
