/** What a benchmark is made of. */

/** What one child process measured, by name; see measurements.ts. */
export type Measured = Readonly<Record<string, number>>;

/** One thing to measure, in rounds in which the subjects take turns. Everything that one run of a subject says becomes figures. */
export interface Series {
  /** Its name in measurements.ts. */
  readonly measurement: string;
  /** The modules of its subjects, by name, each with a function `subject`. The first is the one that is compared with all the others. */
  readonly subjects: Readonly<Record<string, URL>>;
  /** How many tasks one round runs, after its warm-up. */
  readonly tasks: Sized;
  readonly rounds: Sized;
  readonly figures: readonly Figure[];
}

/** A whole run, and one that is only to show that all of it works. */
export interface Sized {
  readonly full: number;
  readonly quick: number;
}

/** One value of a measurement, as a case of the benchmark's lines. */
export interface Figure {
  readonly case: string;
  readonly unit: string;
  /** Its name in what was measured. */
  readonly value: string;
  /** Other names that go into the same line. */
  readonly more?: readonly string[];
  /** Which way is better; absent: it is not compared. */
  readonly better?: "more" | "less";
}

/** A benchmark: one backend, and what its users would pick instead. */
export interface Bench {
  readonly name: string;
  readonly series: readonly Series[];
}
