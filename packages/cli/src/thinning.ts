import type { Clock } from "@org/dispatch-core/contract";
import { countText } from "./figures.ts";

/** So many lines of one kind are told one by one. */
const EACH = 5;

/** After so long without any, a kind is news again. */
const QUIET_MS = 10_000;

/**
 * Thins out lines of one kind that come in thousands, as where a coordinator has gone and each of its results is told: the first five are said, then the
 * tenth, the hundredth and so on, each with how many there were. Answers the line to say, or `undefined` where none is.
 */
export function thinning(clock: Pick<Clock, "now">): (kind: string, line: string) => string | undefined {
  const kinds = new Map<string, { count: number; lastAtMs: number }>();
  return (kind, line) => {
    const nowMs = clock.now();
    const known = kinds.get(kind);
    const count = known === undefined || nowMs - known.lastAtMs > QUIET_MS ? 1 : known.count + 1;
    kinds.set(kind, { count, lastAtMs: nowMs });
    if (count <= EACH) return line;
    return Number.isInteger(Math.log10(count)) ? `${line} (so far ${countText(count)} such lines)` : undefined;
  };
}
