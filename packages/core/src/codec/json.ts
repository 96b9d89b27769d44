import type { BadFrame } from "../contract/index.ts";
import { isDeeperThan, JSON_DEPTH } from "../depth.ts";
import { DispatchError, printed } from "../errors.ts";

/** The number of this codec in a header. */
export const JSON_CODEC = 1;

/** Most frames: nothing was done but this. */
export const PLAIN_CODECS: readonly number[] = Object.freeze([JSON_CODEC]);

/** The most bytes of a body after decoding, and the deepest nesting in it: above either a frame goes to the dead letters. */
export const bodyLimits = Object.freeze({ decodedBytes: 16 * 1024 * 1024, jsonDepth: JSON_DEPTH });

/** How many levels of ours stand around a value on the wire: they do not count to its depth, at neither end. */
export const wrapping = Object.freeze({ none: 0, task: 1, reply: 3 });

/** A value as JSON. Throws `INPUT_INVALID` where it has none, or is nested too deep; `TOO_LARGE` above the limit. */
export function encodeJson(value: unknown, wrapped: number = wrapping.none): string {
  // As JSON has it, at a third of the price.
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "null";
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw noJson(error);
  }
  if (json === undefined) throw new DispatchError("INPUT_INVALID", "not representable as JSON");
  const { decodedBytes, jsonDepth } = bodyLimits;
  // A character has at most three bytes, so most texts need not be measured.
  if (json.length > decodedBytes / 3 && Buffer.byteLength(json) > decodedBytes) {
    throw new DispatchError("TOO_LARGE", `${Buffer.byteLength(json)} bytes of JSON, the limit is ${decodedBytes}`);
  }
  if (tooDeep(json, jsonDepth + wrapped)) throw new DispatchError("INPUT_INVALID", TOO_DEEP.detail);
  return json;
}

/** V8 says what it has run out of: stack for a value's nesting, or room for its text. Both are beyond limits of ours, which have words of their own. */
function noJson(cause: unknown): DispatchError {
  const reason = printed(cause);
  if (cause instanceof RangeError && reason.startsWith("Maximum call stack")) {
    return new DispatchError("INPUT_INVALID", TOO_DEEP.detail, { cause });
  }
  if (cause instanceof RangeError && reason === "Invalid string length") {
    return new DispatchError("TOO_LARGE", `more JSON than a text can hold, the limit is ${bodyLimits.decodedBytes}`, {
      cause,
    });
  }
  return new DispatchError("INPUT_INVALID", `not representable as JSON: ${reason}`, { cause });
}

/** JSON from outside, within the limits, or why it is refused. */
export function parseJson(body: Uint8Array, wrapped: number): { readonly value: unknown } | BadFrame {
  if (body.length > bodyLimits.decodedBytes) return { bad: "FRAME_INVALID", detail: `a body of ${body.length} bytes` };
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return parseText(bytes.toString("utf8"), wrapped);
}

/** Texts up to this length, which all packs are, are parsed before their nesting is looked at: values are walked faster than texts. */
const PARSED_FIRST = 256 * 1024;

/** As `parseJson`, of a text that is not too long. */
export function parseText(json: string, wrapped: number): { readonly value: unknown } | BadFrame {
  const most = bodyLimits.jsonDepth + wrapped;
  // A reply's values are looked at one by one where they are read: most of them are not even objects.
  const isChecked = wrapped !== wrapping.reply;
  const isShort = json.length <= PARSED_FIRST;
  if (isChecked && !isShort && tooDeep(json, most)) return TOO_DEEP;
  let value: unknown;
  try {
    // Parsing needs no stack.
    value = JSON.parse(json);
  } catch {
    // What V8 says of it quotes the text, which may be a payload: this is told to observers.
    return { bad: "FRAME_INVALID", detail: "not JSON" };
  }
  return isChecked && isShort && isDeeperThan(value, most) ? TOO_DEEP : { value };
}

const TOO_DEEP = Object.freeze({ bad: "FRAME_INVALID", detail: `nested deeper than ${JSON_DEPTH}` }) satisfies BadFrame;

function tooDeep(json: string, most: number): boolean {
  // A text that nests deeper than the limit has at least two brackets a level.
  return json.length > most * 2 && hasMoreBrackets(json, most) && isDeep(json, most);
}

/** Fewer opening brackets cannot nest deeper, wherever they are: most texts need no other look. */
function hasMoreBrackets(json: string, most: number): boolean {
  let left = most;
  for (let at = json.indexOf("{"); at >= 0 && left >= 0; at = json.indexOf("{", at + 1)) left -= 1;
  for (let at = json.indexOf("["); at >= 0 && left >= 0; at = json.indexOf("[", at + 1)) left -= 1;
  return left < 0;
}

/** Counts brackets outside of strings, without recursion. Strings are stepped over at once: most of a text is in them. */
function isDeep(json: string, most: number): boolean {
  let depth = 0;
  for (let index = 0; index < json.length; index += 1) {
    const unit = json.charCodeAt(index);
    if (unit === 0x22) index = endOfString(json, index);
    else if (unit === 0x5b || unit === 0x7b) {
      depth += 1;
      if (depth > most) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth -= 1;
  }
  return false;
}

/** Where the quote stands that ends the string which begins at `from`: one with an even number of backslashes before it. */
function endOfString(json: string, from: number): number {
  for (let index = from; ; ) {
    index = json.indexOf('"', index + 1);
    if (index < 0) return json.length;
    let before = index - 1;
    while (json.charCodeAt(before) === 0x5c) before -= 1;
    if ((index - before) % 2 === 1) return index;
  }
}
