/** The deepest nesting of a payload, a result or any other value that travels: what nests deeper is no data that anybody meant. */
export const JSON_DEPTH = 64;

/** Does a value nest deeper than `most` levels? An object or array is one level. Stops as soon as it knows. */
export function isDeeperThan(value: unknown, most: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (most <= 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (isDeeperThan(item, most - 1)) return true;
    return false;
  }
  for (const key in value) if (isDeeperThan((value as Record<string, unknown>)[key], most - 1)) return true;
  return false;
}
