import type { Counters } from "../contract/index.ts";

/**
 * The fencing token as one whole number: round, attempt, copy + lost, 16 bits each, compared in that order. Below 2⁴⁸, so a double holds it exactly.
 */
export function fence({ round, attempt, copy }: Counters, lost: number): number {
  return round * 2 ** 32 + attempt * 2 ** 16 + Math.min(copy + lost, 0xffff);
}
