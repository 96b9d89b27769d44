import { isSpace } from "./held-bytes.ts";

/** JSON lines, or one JSON array. */
export type InputShape = "lines" | "array";

/** How much of an input is looked at, in bytes, before its shape is settled. */
export const LOOK_AHEAD_BYTES = 1024 * 1024;

const NEW_LINE = 0x0a;
const OPEN_ARRAY = 0x5b;
/** A line of a JSON array that goes on can end with these, or the next line can begin with those. */
const GOES_ON = new Set([..."[{,:"].map((each) => each.charCodeAt(0)));
const GOES_ON_WITH = new Set([..."]},"].map((each) => each.charCodeAt(0)));

/**
 * Tells from the first bytes which shape an input has; `undefined`: more bytes are needed. JSON lines may themselves hold arrays, so a `[` alone does
 * not tell: the input is one array unless its first line is complete, or broken, and another line follows. Without a line break in the first
 * `LOOK_AHEAD_BYTES` it is one array.
 */
export function shapeOf(head: Buffer, ended: boolean): InputShape | undefined {
  const enough = ended || head.length >= LOOK_AHEAD_BYTES;
  const first = skipSpace(head, 0);
  if (first === head.length) return enough ? "lines" : undefined;
  if (head[first] !== OPEN_ARRAY) return "lines";
  const lineEnd = head.indexOf(NEW_LINE, first);
  if (lineEnd < 0) return enough ? "array" : undefined;
  const next = skipSpace(head, lineEnd);
  if (next === head.length) return enough ? "array" : undefined;
  const line = head.subarray(first, lineEnd);
  if (isJson(line)) return "lines";
  const lineGoesOn = GOES_ON.has(lastOf(line)) || GOES_ON_WITH.has(head[next] as number);
  return lineGoesOn ? "array" : "lines";
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && isSpace(bytes[at])) at += 1;
  return at;
}

function lastOf(line: Buffer): number {
  let at = line.length - 1;
  while (at > 0 && isSpace(line[at])) at -= 1;
  return line[at] as number;
}

function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}
