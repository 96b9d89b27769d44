import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DispatchError } from "@org/dispatch-core";
import type { Code } from "@org/dispatch-core/contract";
import { expect, test } from "vitest";
import { failureOf, misuse, oneLine, reach } from "./failure.ts";

test.each<[Code, number]>([
  ["CONFIG_INVALID", 2],
  ["UNSUPPORTED", 2],
  ["DENIED", 2],
  ["MISSING", 2],
  ["MISMATCH", 2],
  ["TIMED_OUT", 1],
  ["UNAVAILABLE", 1],
  ["CLOSED", 1],
])("%s exits with %d", (code, exitCode) => {
  expect(failureOf(new DispatchError(code, "why"))).toEqual({ line: `dispatch: ${code}: why`, exitCode });
});

test.each<Code>(["UNAVAILABLE", "TIMED_OUT", "THROTTLED"])("%s at the first contact exits with 3", async (code) => {
  const error = await reach(Promise.reject(new DispatchError(code, "nobody answers"))).catch(
    (thrown: unknown) => thrown,
  );
  expect(failureOf(error)).toEqual({
    line: `dispatch: ${code}: the broker was never reached: nobody answers`,
    exitCode: 3,
  });
});

test("a broker that refuses at the first contact was reached", async () => {
  const error = await reach(Promise.reject(new DispatchError("DENIED", "no"))).catch((thrown: unknown) => thrown);
  expect(failureOf(error)).toEqual({ line: "dispatch: DENIED: no", exitCode: 2 });
});

test("what is missing at the first contact, however much, ends with what makes it", async () => {
  const topics = Array.from({ length: 100 }, (_, n) => `"dispatch.tier.${n}"`).join(", ");
  const missing = new DispatchError("MISSING", `there is no topic ${topics}, and none may be made without create`);
  const error = await reach(Promise.reject(missing)).catch((thrown: unknown) => thrown);
  expect(failureOf(error)).toEqual({
    line: expect.stringMatching(
      /^dispatch: MISSING: there is no topic "dispatch.tier.0", .*…[^…]*, and none may be made without create; --create makes missing queues and topics$/,
    ),
    exitCode: 2,
  });
});

test("an error of another copy of core counts by its shape", () => {
  const foreign = Object.assign(new Error("elsewhere"), { name: "DispatchError", code: "UNSUPPORTED" });
  expect(failureOf(foreign).exitCode).toBe(2);
});

test("anything else is a defect, and still one line without a stack", () => {
  expect(failureOf(new TypeError("a\nb\n    at x (y.js:1)"))).toEqual({
    line: "dispatch: unexpected error: a b at x (y.js:1)",
    exitCode: 1,
  });
  expect(failureOf(Object.create(null)).line).toBe(
    "dispatch: unexpected error: something that cannot be printed was thrown",
  );
});

test("one line: no control characters, no escapes, and a bound", () => {
  expect(oneLine("a\r\n\tb\u001b[31mred\u2028c\u0000")).toBe("a b [31mred c");
  const cut = oneLine(`begins ${"x".repeat(600)} ends`);
  expect(cut).toHaveLength(500);
  // What is wrong stands at the beginning, and what helps at the end.
  expect(cut).toMatch(/^begins x+…x+ ends$/);
  expect(misuse("x").code).toBe("CONFIG_INVALID");
});

test("what the operating system says has the nearest code", async () => {
  const error = await readFile(join(tmpdir(), "no", "such", "file")).catch((thrown: unknown) => thrown);
  expect(failureOf(error)).toEqual({ line: expect.stringMatching(/^dispatch: MISSING: ENOENT: /), exitCode: 1 });
  expect(failureOf(Object.assign(new Error("a handler's own"), { code: "ENOENT" })).line).toMatch(
    /^dispatch: unexpected error: /,
  );
});
