/** How many tasks a subject's worker runs at a time: as its module's address says (`?concurrency=50`), for the sweep, else the best that was found. */
export function concurrencyOf(module: string, best: number): number {
  return Number(new URL(module).searchParams.get("concurrency") ?? best);
}
