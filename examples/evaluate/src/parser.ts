import { parse as parseWithAcorn } from "acorn";
import { parse as parseWithMeriyah } from "meriyah";
import type { Expectation, Goal } from "./corpus.ts";

/** A parser under test. `parse` returns the ESTree tree, or throws where it rejects the source. */
export interface Parser {
  readonly name: string;
  parse(source: string, goal: Goal): unknown;
}

/** What the candidate is measured against. */
export const baseline: Parser = {
  name: "acorn",
  parse: (source, goal) => parseWithAcorn(source, { ecmaVersion: "latest", sourceType: goal }),
};

export const candidate: Parser = {
  name: "meriyah",
  parse: (source, goal) => parseWithMeriyah(source, { next: true, webcompat: true, lexical: true, sourceType: goal }),
};

/** What one parser says of one source. */
export interface Verdict {
  readonly verdict: Expectation;
  readonly durationMs: number;
  /** What was thrown, when rejected. A parser that fails by itself (a RangeError, say) rejects too, and its error's name tells. */
  readonly error?: { readonly name: string; readonly message: string };
}

export interface Judged extends Verdict {
  /** Only when accepted. */
  readonly tree?: unknown;
}

/** Parses and takes the time. Never throws: whatever the parser throws is a rejection. */
export function judge(parser: Parser, source: string, goal: Goal): Judged {
  const startedAt = performance.now();
  try {
    const tree = parser.parse(source, goal);
    return { verdict: "accept", durationMs: sinceMs(startedAt), tree };
  } catch (thrown) {
    const durationMs = sinceMs(startedAt);
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { verdict: "reject", durationMs, error: { name: error.name, message: error.message } };
  }
}

/** To the microsecond: more digits would be noise in every line of results. */
function sinceMs(startedAt: number): number {
  return Math.round((performance.now() - startedAt) * 1_000) / 1_000;
}
