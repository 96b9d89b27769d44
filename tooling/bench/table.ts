/** The same lines for people. */
import type { ComparisonLine, FigureLine, Line } from "./line.ts";

/** A table of the figures, each with what it is compared with. */
export function table(lines: readonly Line[]): string {
  const figures = lines.filter(isFigure);
  const ratios = new Map(
    lines.filter(isComparison).map(({ case: name, to, of, ratio }) => [`${name} ${to}`, `${of} is ${ratio} × ${to}`]),
  );
  const rows = figures.map(({ case: name, subject, unit, min, median, max, runs }) => [
    name,
    subject,
    shown(median),
    unit,
    runs > 1 ? `${shown(min)} – ${shown(max)}` : "",
    ratios.get(`${name} ${subject}`) ?? "",
  ]);
  return aligned([["case", "subject", "median", "unit", "from – to", "better by"], ...rows]);
}

function isFigure(line: Line): line is FigureLine {
  return "subject" in line;
}

function isComparison(line: Line): line is ComparisonLine {
  return "ratio" in line;
}

function shown(value: number): string {
  return value.toLocaleString("en");
}

/** Columns as wide as their widest cell; the medians to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
