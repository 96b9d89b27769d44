import type { Result } from "@org/dispatch-core/contract";
import { expect, test } from "vitest";
import { resultLine } from "./result-line.ts";

const base = { index: 3, id: "r/3", attempts: 1, lost: 0, durationMs: 1.5 } as const;

test("completed: a value and no error, the user's id where there is one", () => {
  const result: Result = { ...base, ref: "mine", outcome: "completed", value: { a: 1 } };
  expect(resultLine(result)).toBe(
    '{"index":3,"id":"r/3","ref":"mine","outcome":"completed","value":{"a":1},"attempts":1,"lost":0,"durationMs":1.5}',
  );
  expect(JSON.parse(resultLine({ ...base, outcome: "completed", value: undefined })).value).toBeNull();
});

test("not completed: code and message, no value, no stack", () => {
  const error = { name: "Error", message: "a\nb", code: "REJECTED", cause: "E1", stack: "secret" } as const;
  for (const outcome of ["dead", "expired", "cancelled"] as const) {
    const line = resultLine({ ...base, outcome, error, value: 1 });
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toEqual({ ...base, outcome, error: { code: "REJECTED", message: "a\nb" } });
  }
});
