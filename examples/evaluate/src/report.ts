import { folders } from "./corpus.ts";
import type { Evaluation, Stage } from "./evaluation.ts";
import { baseline, candidate } from "./parser.ts";
import type { FolderCount, Tally } from "./tally.ts";

/** How many files are named on which the parsers differ. */
const NAMED_DIFFERENCES = 10;

/** The summary for people: pure, ends with a newline. */
export function reportOf({ tally, stages, complete }: Evaluation): string {
  const sections = [
    folderTable(tally),
    differences(tally),
    relations(tally),
    stages.map(throughputOf).join("\n"),
    ...(complete ? [] : ["not complete: the numbers above are of what was done"]),
  ];
  return `${sections.join("\n\n")}\n`;
}

function folderTable(tally: Tally): string {
  const counts = folders.map((folder) => tally.folders[folder]);
  const sum: FolderCount = { cases: 0, baselineRight: 0, candidateRight: 0 };
  for (const count of counts) {
    sum.cases += count.cases;
    sum.baselineRight += count.baselineRight;
    sum.candidateRight += count.candidateRight;
  }
  const rows = [
    ["folder", "cases", `${baseline.name} right`, `${candidate.name} right`],
    ...folders.map((folder, at) => [folder, ...cellsOf(counts[at] ?? sum)]),
    ["all", ...cellsOf(sum)],
  ];
  const { parseMs } = tally;
  return [
    `Right verdicts (baseline ${baseline.name}, candidate ${candidate.name})`,
    aligned(rows),
    `Time in the parsers: ${baseline.name} ${seconds(parseMs.baseline)}, ${candidate.name} ${seconds(parseMs.candidate)}`,
  ].join("\n");
}

function cellsOf({ cases, baselineRight, candidateRight }: FolderCount): string[] {
  return [grouped(cases), share(baselineRight, cases), share(candidateRight, cases)];
}

function differences({ disagreements, crashes }: Tally): string {
  const named = disagreements.slice(0, NAMED_DIFFERENCES).map((one) => {
    const right = one.baseline === one.expected ? baseline.name : candidate.name;
    return `  ${one.folder}/${one.file}: to ${one.expected}; only ${right} does`;
  });
  const unnamed = disagreements.length - named.length;
  const lines = [`The two differ on ${filesOf(disagreements.length)}`, ...named];
  if (unnamed > 0) lines.push(`  and ${grouped(unnamed)} more`);
  for (const [name, count] of [
    [baseline.name, crashes.baseline],
    [candidate.name, crashes.candidate],
  ] as const) {
    if (count > 0) lines.push(`${name} rejects ${filesOf(count)} by an error of its own that is no SyntaxError`);
  }
  return lines.join("\n");
}

function relations({ relation: { cases, baselineHolds, candidateHolds } }: Tally): string {
  return [
    "The tree of a file of pass equals that of its twin in pass-explicit, but for positions and raw text",
    aligned([
      [baseline.name, `${share(baselineHolds, cases)} of ${grouped(cases)}`],
      [candidate.name, `${share(candidateHolds, cases)} of ${grouped(cases)}`],
    ]),
  ].join("\n");
}

function throughputOf({ task, inputs, summary }: Stage): string {
  const { completed, dead, expired, cancelled, retried, durationMs, tasksPerSecond } = summary;
  const left = inputs - completed - dead - expired - cancelled;
  const outcomes = `${grouped(completed)} completed, ${grouped(dead)} dead, ${grouped(expired)} expired, ${grouped(cancelled)} cancelled`;
  const rest = left > 0 ? `, ${grouped(left)} not sent` : "";
  const speed = `${seconds(durationMs)}, ${grouped(Math.round(tasksPerSecond))} tasks/s`;
  return `task ${task}: ${outcomes}${rest}; ${grouped(retried)} retried; ${speed}`;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(2)} s`;
}

function filesOf(count: number): string {
  return `${grouped(count)} file${count === 1 ? "" : "s"}`;
}

function share(part: number, whole: number): string {
  return whole === 0 ? "0" : `${grouped(part)} (${((part / whole) * 100).toFixed(2)} %)`;
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** The first column to the left, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))),
    )
    .map((cells) => `  ${cells.join("  ")}`)
    .join("\n");
}
