import { parse, TomlError } from "smol-toml";
import { type Document, type Entry, MAX_DEPTH, SyntaxProblem } from "./document.ts";

/** Reads TOML 1.0. Dates stay objects, which no key takes. Throws `SyntaxProblem`. */
export function readToml(text: string): Document {
  try {
    return { root: sectionOf(parse(text, { maxDepth: MAX_DEPTH }), 0) };
  } catch (error) {
    // What follows its first line is a part of the file, secrets included.
    if (error instanceof TomlError)
      throw new SyntaxProblem(
        `TOML: ${error.message.replace(/^Invalid TOML document: /, "").split("\n")[0]}`,
        error.line,
      );
    throw error;
  }
}

function sectionOf(table: object, depth: number): Map<string, Entry> {
  if (depth > MAX_DEPTH) throw new SyntaxProblem(`TOML: nested deeper than ${MAX_DEPTH}`);
  return new Map(Object.entries(table).map(([key, value]) => [key, { value: plainOf(value, depth) }]));
}

function plainOf(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? sectionOf(value, depth + 1) : value;
}
