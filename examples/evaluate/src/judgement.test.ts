import { expect, test } from "vitest";
import type { Goal } from "./corpus.ts";
import { judgeCase, judgeRelation } from "./judgement.ts";
import { judge, type Parser } from "./parser.ts";

test("both verdicts on a file, with their times and errors, and without the tree", () => {
  const about = { file: "a.js", folder: "fail", goal: "script", expected: "reject" } as const;
  const { baseline, candidate, ...rest } = judgeCase({ ...about, source: "1 +" });
  expect(rest).toEqual(about);
  for (const verdict of [baseline, candidate]) {
    expect(verdict.verdict).toBe("reject");
    expect(verdict.durationMs).toBeGreaterThanOrEqual(0);
    expect(verdict.error?.name).toBe("SyntaxError");
    expect(verdict.error?.message).not.toBe("");
  }
  const accepted = judgeCase({ ...about, source: "1 + 1" });
  expect(accepted.baseline).toEqual({ verdict: "accept", durationMs: expect.any(Number) });
  expect(accepted.candidate).toEqual({ verdict: "accept", durationMs: expect.any(Number) });
});

test.each<[Goal, string]>([
  ["module", "accept"],
  ["script", "reject"],
])("the goal %s decides: an export is to %s", (goal, verdict) => {
  const judged = judgeCase({ file: "a.js", folder: "pass", goal, expected: "accept", source: "export default 1" });
  expect(judged.baseline.verdict).toBe(verdict);
  expect(judged.candidate.verdict).toBe(verdict);
});

test("an error of the parser's own is a rejection that keeps its name", () => {
  const broken: Parser = {
    name: "broken",
    parse: () => {
      throw new RangeError("Invalid code point NaN");
    },
  };
  expect(judge(broken, "", "script")).toEqual({
    verdict: "reject",
    durationMs: expect.any(Number),
    error: { name: "RangeError", message: "Invalid code point NaN" },
  });
});

test.each([
  ["a=1", "(a = (1));", { holds: true }],
  ["a, b, c", "(a, b), c", { holds: false, difference: "body.0.expression.expressions.0.type" }],
  ["a b", "a", { holds: false, difference: "the file is rejected" }],
  ["a", "a b", { holds: false, difference: "the twin is rejected" }],
])("the relation of %j and %j", (source, twin, holding) => {
  const judged = judgeRelation({ file: "a.js", goal: "script", source, twin });
  expect(judged).toEqual({ file: "a.js", baseline: holding, candidate: holding });
});
