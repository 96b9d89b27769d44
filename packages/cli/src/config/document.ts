import type { Problem } from "./problem.ts";

/** What a file says, whatever its format: only plain values, and no key twice. */
export interface Document {
  readonly root: Section;
}

/** A table, map or object of a file. A `Map`, so that no key of a file can be the name of something inherited. */
export type Section = ReadonlyMap<string, Entry>;

/** One key of a section with its value. */
export interface Entry {
  /** Null, boolean, number, text, a list of these, a `Section`, or something else that no key takes. */
  readonly value: unknown;
  /** Counted from 1; absent where the format's reader does not tell. */
  readonly line?: number | undefined;
}

/** Thrown by the readers of the formats: a file that is no document, with the line. */
export class SyntaxProblem extends Error {
  override readonly name = "SyntaxProblem";
  readonly problem: Problem;
  constructor(message: string, line?: number) {
    super(message);
    this.problem = { path: "", line, message };
  }
}

/** How deep a document may be nested: the keys need two levels. */
export const MAX_DEPTH = 64;

/** The line of a position, counted from 1. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < position; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

/** Is it a section? */
export function isSection(value: unknown): value is Section {
  return value instanceof Map;
}
