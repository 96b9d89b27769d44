/** Where a node stands, and how its text was written: what two spellings of one program may differ in. */
const UNCOMPARED: ReadonlySet<string> = new Set(["start", "end", "loc", "range", "raw"]);

/**
 * The path of the first difference between two syntax trees (`body.0.expression.left`, `` for the roots themselves), or `undefined` where they are
 * equal but for positions and raw text. Pure; a key that is absent equals one that is `undefined`.
 */
export function firstDifference(left: unknown, right: unknown, path = ""): string | undefined {
  if (Object.is(left, right)) return undefined;
  if (!isObject(left) || !isObject(right) || Array.isArray(left) !== Array.isArray(right)) return path;
  // The value of a regular expression literal: two objects that have no keys of their own.
  if (left instanceof RegExp || right instanceof RegExp) return String(left) === String(right) ? undefined : path;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (UNCOMPARED.has(key)) continue;
    const difference = firstDifference(left[key], right[key], path === "" ? key : `${path}.${key}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
