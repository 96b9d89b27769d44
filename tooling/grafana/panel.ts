/** One panel, before it is Grafana's. */
export interface Panel {
  readonly title: string;
  /** For whoever hovers over its title: what is to be seen, and what is usual. */
  readonly what: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
}

/** Grafana's own names of units: a share of 1, a number, tasks or events a second, seconds. */
type Unit = "percentunit" | "short" | "cps" | "s";

export interface Query {
  readonly expr: string;
  /** How each of its lines is named. */
  readonly legend: string;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Board {
  /** Of the file and of the address. */
  readonly name: string;
  readonly title: string;
  readonly what: string;
  /** Labels by which whoever looks at it may choose. */
  readonly variables: readonly ("backend" | "queue")[];
  readonly rows: readonly Row[];
}

export function panel(
  title: string,
  unit: Unit,
  what: string,
  ...queries: readonly (readonly [legend: string, expr: string])[]
): Panel {
  // biome-ignore format: one line
  return { title, unit, what, queries: queries.map(([legend, expr]) => ({ legend, expr })) };
}
