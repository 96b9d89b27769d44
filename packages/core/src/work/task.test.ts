import { describe, expect, it } from "vitest";
import { defineTask } from "./task.ts";

describe("defineTask", () => {
  const handler = () => 1;

  it("is what was given, frozen, under the name default", () => {
    const task = defineTask({ handler });
    expect(task).toEqual({ name: "default", handler, timeoutMs: undefined, maxAttempts: undefined });
    expect(Object.isFrozen(task)).toBe(true);
    expect(defineTask({ name: "mail", handler, timeoutMs: 5, maxAttempts: 1 })).toMatchObject({ timeoutMs: 5 });
  });

  it.each<[string, object]>([
    ["a name with a space", { name: "a b", handler }],
    ["an empty name", { name: "", handler }],
    ["a name that is no text", { name: 5, handler }],
    ["no handler", { name: "a" }],
    ["a handler that is no function", { handler: {} }],
    ["no time at all", { handler, timeoutMs: 0 }],
    ["a time that is no number", { handler, timeoutMs: "5" }],
    ["half an attempt", { handler, maxAttempts: 1.5 }],
    ["an attempt without end", { handler, maxAttempts: Number.POSITIVE_INFINITY }],
  ])("refuses %s", (_, options) => {
    expect(() => defineTask(options as never)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});
