const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** A duration for people: the largest unit that divides it, else ms. */
export function span(ms: number): string {
  const [unitMs, name] = UNITS.find(([unit]) => ms >= unit && ms % unit === 0) ?? [1, "ms"];
  return `${(ms / unitMs).toLocaleString("en")} ${name}`;
}
