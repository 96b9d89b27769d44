import { expect, test } from "vitest";
import { subjects } from "../conformance/subjects.ts";
import { type Counters, secondsOf } from "./counters.ts";
import { type Fault, planCell } from "./faults.ts";
import { judge } from "./goals.ts";
import type { CellReport, Report } from "./report.ts";
import { isProven, kept, withCell } from "./resume.ts";
import { cellLine, table } from "./table.ts";

const memory = subjects.memory?.factory?.()("facts");
const profile = { ...(memory?.profile as NonNullable<typeof memory>["profile"]), pollMs: 1_000 };

function perfect(fault: Fault): Counters {
  const { tasks, strikes, zombieRounds } = planCell(fault, false);
  const counts = { attempted: tasks, acknowledged: tasks, completed: tasks };
  const nothing = { dead: 0, lost: 0, unexpected: 0, doubled: 0, duplicateExecutions: 0, fenced: 0, duplicates: 0 };
  const books = { losses: 0, retried: 0, resent: 0, misbooked: 0, runSeconds: 60, tasksPerSecond: 1_667 };
  const struck = { strikes, strikesAtWork: strikes, zombieRounds };
  const seconds = { recoverySeconds: secondsOf([1_000]), noticedSeconds: secondsOf([2_000]) };
  return { ...counts, ...nothing, ...books, ...struck, ...seconds };
}

function missed(fault: Fault, change: Partial<Counters>): string[] {
  const facts = { plan: planCell(fault, false), leaseMs: 3_000, profile };
  const verdicts = judge({ ...perfect(fault), ...change }, facts);
  return verdicts.filter(({ held }) => !held).map(({ goal }) => goal);
}

test.each<[Fault, Partial<Counters>, string[]]>([
  ["none", {}, []],
  ["none", { lost: 1 }, ["lost tasks = 0"]],
  ["none", { acknowledged: 99_999 }, ["acknowledged tasks >= 100000"]],
  ["none", { unexpected: 1 }, ["unexpected results = 0"]],
  ["none", { dead: 2 }, ["dead tasks = 0"]],
  ["none", { misbooked: 1 }, ["differences between the books of the run and what was counted = 0"]],
  ["none", { duplicateExecutions: 100, fenced: 10 }, []],
  ["kill", {}, []],
  ["kill", { recoverySeconds: secondsOf([4_000]) }, []],
  ["kill", { recoverySeconds: secondsOf([4_001]) }, ["redelivery after SIGKILL, p99 <= 4 s"]],
  ["kill", { recoverySeconds: secondsOf([]) }, ["redelivery after SIGKILL, p99 <= 4 s"]],
  ["kill", { strikesAtWork: 99 }, ["strikes at work >= 100"]],
  ["zombie", {}, []],
  ["zombie", { doubled: 1 }, ["accepted double completions = 0"]],
  ["zombie", { zombieRounds: 999 }, ["zombie rounds >= 1000"]],
  ["restart", { recoverySeconds: secondsOf([6_000]) }, []],
  ["restart", { recoverySeconds: secondsOf([6_001]) }, ["progress after the fault, p99 <= 6 s"]],
  ["outage", { recoverySeconds: secondsOf([6_001]) }, ["progress after the fault, p99 <= 6 s"]],
  ["reset", { recoverySeconds: secondsOf([]) }, ["progress after the fault, p99 <= 6 s"]],
  ["half-open", { noticedSeconds: secondsOf([10_001]) }, ["a half-open connection is noticed, p99 <= 10 s"]],
  ["latency", { recoverySeconds: secondsOf([60_000]) }, []],
])("%s with %j", (fault, change, goals) => {
  expect(missed(fault, change)).toEqual(goals);
});

const source = { commit: "abc", isDirty: false };
function cell(fault: Fault, more: Partial<CellReport> = {}): CellReport {
  const about = { fault, plan: planCell(fault, true), seed: "prove", node: "v24.0.0", leaseMs: 3_000, held: true };
  return { ...about, ...source, counters: perfect(fault), verdicts: [], oddities: [], ...more };
}
function reportOf(...cells: Report["cells"]): Report {
  return { backend: "redis", version: "7", durability: "appendonly yes", cells };
}

test("resume skips what has held at the same commit and size, and nothing else", () => {
  const short = planCell("kill", true);
  expect(isProven(reportOf(cell("kill")), short, source)).toMatchObject({ fault: "kill" });
  const others: [Report | undefined, typeof short, typeof source][] = [
    [undefined, short, source],
    [reportOf(cell("zombie")), short, source],
    [reportOf(cell("kill", { held: false })), short, source],
    [reportOf(cell("kill", { commit: "abd" })), short, source],
    [reportOf(cell("kill", { isDirty: true })), short, source],
    [reportOf({ fault: "kill", leftOut: "for some reason" }), short, source],
    [reportOf(cell("kill")), planCell("kill", false), source],
    [reportOf(cell("kill")), short, { ...source, isDirty: true }],
  ];
  for (const [report, plan, now] of others) expect(isProven(report, plan, now)).toBeUndefined();
});

test("a new report keeps the cells of this commit and size, until they run again", () => {
  const old = reportOf(cell("kill", { held: false }), cell("zombie", { commit: "abd" }), cell("reset"));
  const plans = [planCell("kill", true), planCell("zombie", true)];
  expect(kept(old, plans, source).map(({ fault }) => fault)).toEqual(["kill"]);
  const next = withCell(reportOf(...kept(old, plans, source)), cell("kill"));
  expect(next.cells).toEqual([cell("kill")]);
});

test("a table says what was missed, and what is left out", () => {
  const verdicts = [{ goal: "lost tasks = 0", value: 3, held: false }];
  const failed = cell("kill", { held: false, verdicts, failure: "interrupted" });
  const lines = table(reportOf(cell("none"), failed, { fault: "reset", leftOut: "no proxy" })).split("\n");
  expect(lines[0]).toBe("redis 7 (appendonly yes)");
  expect(lines[1]).toMatch(
    /^fault +attempted +acknowledged +completed +lost +unexpected +doubled +run twice +fenced +dead +strikes/,
  );
  expect(lines[2]).toMatch(/^none +100,000 +100,000 +100,000 +0 .* 1\.00 \/ 1\.00 \/ 1\.00 +60 +held$/);
  expect(lines[3]).toMatch(/FAILED, interrupted, lost tasks = 0: 3$/);
  expect(lines[4]).toBe("reset: left out (no proxy)");
  expect(cellLine(cell("none"))).toBe("none: held; 100000 of 100000 completed, 0 lost, in 60 s");
});
