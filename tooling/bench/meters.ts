/** Time, CPU and memory of this process. */

export interface Timed<T> {
  readonly seconds: number;
  /** Of all threads: the collector's too. */
  readonly cpuSeconds: number;
  readonly answer: T;
}

export async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  collect();
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const answer = await work();
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1_000_000, answer };
}

/** What the heap, and the buffers beside it, hold after a forced collection. */
export function forcedHeapBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The most resident memory so far. */
export function largestResidentBytes(): number {
  return process.resourceUsage().maxRSS * 1_024;
}

function collect(): void {
  if (globalThis.gc === undefined) throw new Error("needs node --expose-gc");
  // Twice: what the first one finalizes is gone after the second.
  globalThis.gc();
  globalThis.gc();
}
