/** Runs a series: round after round, in each of which every subject has its turn. */
import { type ComparisonLine, comparisonLine, type FigureLine, figureLine, type Line } from "./line.ts";
import type { Figure, Measured, Series } from "./series.ts";

/** One measurement of the subject of a module, in a process of its own. */
export type Measure = (measurement: string, subject: URL, tasks: number) => Promise<Measured>;

/** What every subject measured, round by round. */
export type Measurements = ReadonlyMap<string, readonly Measured[]>;

/** Each round begins with another subject, so that nobody always comes first. Throws an Error where a subject failed. */
export async function runRounds(series: Series, size: "full" | "quick", measure: Measure): Promise<Measurements> {
  const subjects = Object.entries(series.subjects).map(([name, module]) => ({
    name,
    module,
    rounds: [] as Measured[],
  }));
  for (let round = 0; round < series.rounds[size]; round += 1) {
    for (let turn = 0; turn < subjects.length; turn += 1) {
      const { name, module, rounds } = subjects[(round + turn) % subjects.length] as (typeof subjects)[number];
      try {
        rounds.push(await measure(series.measurement, module, series.tasks[size]));
      } catch (error) {
        throw new Error(`${series.measurement} of ${name}: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
  return new Map(subjects.map(({ name, rounds }) => [name, rounds]));
}

/** The figures of a series, then their comparisons: of the first subject to each of the others. */
export function linesOf(bench: string, series: Series, found: Measurements): Line[] {
  return series.figures.flatMap((figure) => [
    ...figuresOf(bench, figure, found),
    ...comparisonsOf(bench, figure, found),
  ]);
}

function figuresOf(bench: string, figure: Figure, found: Measurements): FigureLine[] {
  const place = { bench, case: figure.case };
  return [...found].map(([subject, rounds]) => {
    const more = (figure.more ?? []).map((name) => [name, valuesOf(rounds, name)] as const);
    return figureLine(place, subject, figure.unit, valuesOf(rounds, figure.value), Object.fromEntries(more));
  });
}

function comparisonsOf(bench: string, figure: Figure, found: Measurements): ComparisonLine[] {
  const { better, value } = figure;
  if (better === undefined) return [];
  const [first, ...others] = [...found].map(([subject, rounds]) => ({ subject, values: valuesOf(rounds, value) }));
  return first === undefined
    ? []
    : others.map((other) => comparisonLine({ bench, case: figure.case }, first, other, better));
}

function valuesOf(rounds: readonly Measured[], name: string): number[] {
  return rounds.map((measured) => {
    const value = measured[name];
    if (value === undefined) throw new TypeError(`nothing called ${name} was measured`);
    return value;
  });
}
