/** What a process that runs seeds says of them: a JSON line for each that broke a promise, and one at its end. */
export type Said =
  | { readonly seed: number; readonly broker: string; readonly violation: string; readonly trace: readonly string[] }
  | { readonly seeds: number; readonly handlerRuns: number; readonly virtualMs: number };

/** What to type to see the same again. */
export function replay(seed: number): string {
  return `./dev simulate --seed ${seed}`;
}
