import { describe, expect, it } from "vitest";
import { type MemoryOptions, memory, memoryDefaults } from "./index.ts";
import { classifyError, MemoryError } from "./memory-error.ts";
import { World } from "./testing.ts";

describe("memory options", () => {
  it.each<[object, string]>([
    [{ maxTasks: 0 }, "maxTasks is 0"],
    [{ maxBytes: 1.5 }, "maxBytes is 1.5"],
    [{ namespace: "-x" }, 'namespace "-x"'],
    [{ maxTask: 5 }, "memory: unknown option maxTask; did you mean maxTasks?"],
  ])("refuses %j", (options, message) => {
    expect(() => memory(options as MemoryOptions)).toThrow(message);
    expect(() => memory(options as MemoryOptions)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });

  it("has frozen defaults and a frozen profile", () => {
    expect(Object.isFrozen(memoryDefaults)).toBe(true);
    const { profile } = memory();
    expect([profile, profile.lease, profile.limits, profile.verbs].every(Object.isFrozen)).toBe(true);
  });
});

describe("classify", () => {
  const unprintable = {
    toString() {
      throw new Error("no");
    },
  };
  it.each([
    [new MemoryError("QUEUE_FULL", "full"), { code: "QUEUE_FULL", detail: "full" }],
    [new TypeError("odd"), { code: "UNAVAILABLE", detail: "odd" }],
    ["text", { code: "UNAVAILABLE", detail: "text" }],
    [undefined, { code: "UNAVAILABLE", detail: "undefined" }],
    [unprintable, { code: "UNAVAILABLE" }],
  ])("case %#", (error, expected) => {
    expect(classifyError(error)).toEqual(expected);
  });

  it("is the backend's", async () => {
    const { backend } = await World.open();
    expect(backend.classify(new MemoryError("CLOSED", "closed"))).toEqual({ code: "CLOSED", detail: "closed" });
  });
});
