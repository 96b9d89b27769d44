import type { Summary } from "@org/dispatch-core";
import { expect, test } from "vitest";
import type { Expectation, Folder } from "./corpus.ts";
import type { ParseOutput } from "./judgement.ts";
import { reportOf } from "./report.ts";
import { Tally } from "./tally.ts";

function summaryOf(completed: number, cancelled = 0): Summary {
  return {
    run: "run",
    total: completed + cancelled,
    completed,
    dead: 0,
    expired: 0,
    cancelled,
    durationMs: 2_000,
    tasksPerSecond: completed / 2,
    retried: 0,
    lost: 0,
    fenced: 0,
    duplicates: 0,
    resent: 0,
    orphans: 0,
  };
}

function output(folder: Folder, file: string, baseline: Expectation, candidate: Expectation): ParseOutput {
  const expected = folder.startsWith("pass") ? "accept" : "reject";
  const error = { name: "RangeError", message: "" };
  return {
    file,
    folder,
    goal: "script",
    expected,
    baseline: { verdict: baseline, durationMs: 10 },
    candidate: { verdict: candidate, durationMs: 10, ...(candidate === "reject" ? { error } : {}) },
  };
}

test("the report has the counts, the differences, the relation and the books", () => {
  const tally = new Tally();
  tally.addParse(output("fail", "c.js", "accept", "reject"));
  tally.addParse(output("pass", "b.js", "accept", "reject"));
  tally.addParse(output("pass", "a.js", "accept", "accept"));
  tally.addRelation({ file: "a.js", baseline: { holds: true }, candidate: { holds: false, difference: "body" } });
  const stages = [
    { task: "parse", inputs: 3, summary: summaryOf(3) },
    { task: "relation", inputs: 1, summary: summaryOf(1) },
  ];
  expect(reportOf({ tally, stages, complete: true })).toBe(`Right verdicts (baseline acorn, candidate meriyah)
  folder         cases   acorn right  meriyah right
  pass               2  2 (100.00 %)    1 (50.00 %)
  pass-explicit      0             0              0
  fail               1    0 (0.00 %)   1 (100.00 %)
  early              0             0              0
  all                3   2 (66.67 %)    2 (66.67 %)
Time in the parsers: acorn 0.03 s, meriyah 0.03 s

The two differ on 2 files
  pass/b.js: to accept; only acorn does
  fail/c.js: to reject; only meriyah does
meriyah rejects 2 files by an error of its own that is no SyntaxError

The tree of a file of pass equals that of its twin in pass-explicit, but for positions and raw text
  acorn    1 (100.00 %) of 1
  meriyah    0 (0.00 %) of 1

task parse: 3 completed, 0 dead, 0 expired, 0 cancelled; 0 retried; 2.00 s, 2 tasks/s
task relation: 1 completed, 0 dead, 0 expired, 0 cancelled; 0 retried; 2.00 s, 1 tasks/s
`);
});

test("ten differences are named, the rest is counted", () => {
  const tally = new Tally();
  for (let at = 0; at < 1_012; at += 1) tally.addParse(output("early", `${at}.js`, "accept", "reject"));
  const report = reportOf({ tally, stages: [], complete: true });
  expect(report).toContain("The two differ on 1,012 files\n");
  expect(report.match(/only meriyah does/g)).toHaveLength(10);
  expect(report).toContain("  and 1,002 more\n");
});

test("a job that was stopped says so, and what is left", () => {
  const stages = [{ task: "parse", inputs: 5_361, summary: summaryOf(1_000, 1_300) }];
  const report = reportOf({ tally: new Tally(), stages, complete: false });
  expect(report).toContain("task parse: 1,000 completed, 0 dead, 0 expired, 1,300 cancelled, 3,061 not sent;");
  expect(report).toMatch(/\nnot complete: .*\n$/);
});
