import type { Result, Summary } from "@org/dispatch-core/contract";
import { expect, test } from "vitest";
import { Reasons, summaryText } from "./summary.ts";

const whole: Summary = {
  run: "r",
  total: 1_200,
  completed: 1_200,
  dead: 0,
  expired: 0,
  cancelled: 0,
  durationMs: 12_345,
  tasksPerSecond: 97.2,
  retried: 0,
  lost: 0,
  fenced: 0,
  duplicates: 0,
  resent: 0,
  orphans: 0,
};

test("all completed is one line", () => {
  expect(summaryText(whole, new Reasons(), undefined)).toBe(
    "1,200 tasks in 12.3 s (97.2/s): completed 1,200, dead 0, expired 0, cancelled 0",
  );
});

test("what did not complete has its reasons and an example, what happened on the way its counts", () => {
  const reasons = new Reasons();
  const result: Result = { index: 7, id: "r/7", outcome: "dead", attempts: 1, lost: 0, durationMs: 0 };
  reasons.note({ ...result, index: 1, outcome: "completed" });
  reasons.note({ ...result, error: { name: "E", message: "line 8:\nbad", code: "INPUT_INVALID" } });
  for (const index of [9, 10])
    reasons.note({ ...result, index, error: { name: "E", message: "no", code: "REJECTED" } });
  const summary = { ...whole, total: 4, completed: 1, dead: 3, retried: 5, lost: 1, tasksPerSecond: 0.3 };
  expect(summaryText(summary, reasons, undefined).split("\n")).toEqual([
    "4 tasks in 12.3 s (0.3/s): completed 1, dead 3, expired 0, cancelled 0",
    "not completed: INPUT_INVALID 1, REJECTED 2; the first: input 7, line 8: bad",
    "retried 5, lost 1",
  ]);
});

test("an early end says what is left", () => {
  const summary = { ...whole, completed: 1_000, cancelled: 200 };
  expect(summaryText(summary, new Reasons(), { cause: "SIGTERM", inputEnded: false })).toContain(
    "\nstopped by SIGTERM: 200 left undone, the input was not read to its end",
  );
  expect(summaryText(whole, new Reasons(), { cause: "SIGINT", inputEnded: true })).toContain(
    "\nstopped by SIGINT: no task left undone, the input was read to its end",
  );
});
