/** The lines that a benchmark prints: one JSON object a figure, and one a comparison. */
import { pairedRatio, type Spread, spread } from "./statistics.ts";

/** One figure of one subject, over its rounds. */
export interface FigureLine extends Spread {
  readonly bench: string;
  readonly case: string;
  readonly subject: string;
  readonly unit: string;
  /** How many rounds. */
  readonly runs: number;
  /** More of the same case, each the median over the rounds: the percentiles of a latency. */
  readonly [more: string]: string | number;
}

/** Two subjects of one case: the median of the ratios of paired rounds, above 1 is better for `of`. */
export interface ComparisonLine {
  readonly bench: string;
  readonly case: string;
  readonly of: string;
  readonly to: string;
  readonly ratio: number;
}

export type Line = FigureLine | ComparisonLine;

/** Where a line belongs. */
export interface Place {
  readonly bench: string;
  readonly case: string;
}

/** `more`: further values of each round, by name. */
export function figureLine(
  place: Place,
  subject: string,
  unit: string,
  values: readonly number[],
  more: Readonly<Record<string, readonly number[]>> = {},
): FigureLine {
  const { min, median, max } = spread(values);
  const medians = Object.entries(more).map(([name, each]) => [name, rounded(spread(each).median)]);
  return {
    bench: place.bench,
    case: place.case,
    subject,
    unit,
    min: rounded(min),
    median: rounded(median),
    max: rounded(max),
    runs: values.length,
    ...Object.fromEntries(medians),
  };
}

export function comparisonLine(
  place: Place,
  of: { readonly subject: string; readonly values: readonly number[] },
  to: { readonly subject: string; readonly values: readonly number[] },
  better: "more" | "less",
): ComparisonLine {
  const ratio = rounded(pairedRatio(of.values, to.values, better));
  return { bench: place.bench, case: place.case, of: of.subject, to: to.subject, ratio };
}

/** Four digits that mean something; whole numbers stay whole. */
function rounded(value: number): number {
  return Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(4));
}
