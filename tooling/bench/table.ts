/** The same lines for people. */
import { aligned } from "../aligned.ts";
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
  return aligned([["case", "subject", "median", "unit", "from – to", "better by"], ...rows], [2]);
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
