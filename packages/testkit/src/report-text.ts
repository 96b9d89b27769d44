import type { CaseReport, ConformanceReport } from "./report.ts";

const MARKS = { passed: "ok", failed: "FAILED", "left-out": "left out", skipped: "SKIPPED" } as const;

/** One case, one line: how it ended, its id, and how long it took or why it did not run. */
export function caseLine({ id, status, durationMs, fact, reason, issue }: CaseReport): string {
  const why = {
    passed: `${durationMs} ms`,
    failed: `${durationMs} ms`,
    "left-out": fact,
    skipped: `${reason} (${issue})`,
  };
  return `${MARKS[status].padEnd(8)}  ${id}  ${why[status]}`;
}

/** A report as a table for people: a row an area, what failed in words, what was skipped, and the totals last. */
export function reportText(report: ConformanceReport): string {
  const { backend, versions, cases, totals, isComplete } = report;
  const about = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const lines = [`conformance of ${backend} (${about.join(", ")})`, "", ...areaRows(cases), ""];
  for (const one of cases)
    if (one.status === "failed") lines.push(`${caseLine(one)}\n${indented(one.error ?? "")}`, "");
  for (const one of cases) if (one.status === "skipped") lines.push(caseLine(one));
  if (!isComplete) lines.push("not every case ran");
  const { passed, failed, skipped } = totals;
  lines.push(`${passed} passed, ${failed} failed, ${totals["left-out"]} left out by the profile, ${skipped} skipped`);
  return `${lines.join("\n")}\n`;
}

function areaRows(cases: readonly CaseReport[]): string[] {
  const areas = new Map<string, CaseReport[]>();
  for (const one of cases) {
    const area = one.id.split(".").slice(0, 2).join(".");
    areas.set(area, [...(areas.get(area) ?? []), one]);
  }
  const rows = [...areas].map(([area, some]) => {
    const count = (status: CaseReport["status"]) => String(some.filter((one) => one.status === status).length);
    const ms = some.reduce((total, { durationMs }) => total + durationMs, 0);
    return [area, count("passed"), count("failed"), count("left-out"), count("skipped"), (ms / 1000).toFixed(1)];
  });
  const all = [["area", "passed", "failed", "left out", "skipped", "seconds"], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
}

const indented = (text: string) => text.replace(/^/gm, "  ");
