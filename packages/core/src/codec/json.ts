import type { BadFrame } from "../contract/index.ts";
import { JSON_DEPTH } from "../depth.ts";
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
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw new DispatchError("INPUT_INVALID", `not representable as JSON: ${printed(error)}`, { cause: error });
  }
  if (json === undefined) throw new DispatchError("INPUT_INVALID", "not representable as JSON");
  const { decodedBytes, jsonDepth } = bodyLimits;
  // A character has at most three bytes, so most texts need not be measured.
  if (json.length > decodedBytes / 3 && Buffer.byteLength(json) > decodedBytes) {
    throw new DispatchError("TOO_LARGE", `${Buffer.byteLength(json)} bytes of JSON, the limit is ${decodedBytes}`);
  }
  if (tooDeep(json, wrapped)) throw new DispatchError("INPUT_INVALID", `nested deeper than ${jsonDepth}`);
  return json;
}

/** JSON from outside, within the limits, or why it is refused. */
export function parseJson(body: Uint8Array, wrapped: number): { readonly value: unknown } | BadFrame {
  if (body.length > bodyLimits.decodedBytes) return { bad: "FRAME_INVALID", detail: `a body of ${body.length} bytes` };
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return parseText(bytes.toString("utf8"), wrapped);
}

/** As `parseJson`, of a text that is not too long. */
export function parseText(json: string, wrapped: number): { readonly value: unknown } | BadFrame {
  // Parsing needs no stack. A reply's values are looked at one by one where they are read: most of them are not even objects.
  if (wrapped !== wrapping.reply && tooDeep(json, wrapped))
    return { bad: "FRAME_INVALID", detail: `nested deeper than ${bodyLimits.jsonDepth}` };
  try {
    return { value: JSON.parse(json) as unknown };
  } catch (error) {
    return { bad: "FRAME_INVALID", detail: `not JSON: ${printed(error)}` };
  }
}

/** Counts brackets outside of strings, without recursion. Strings are stepped over at once: most of a text is in them. */
function tooDeep(json: string, wrapped: number): boolean {
  const most = bodyLimits.jsonDepth + wrapped;
  // A text that nests deeper than the limit has at least two brackets a level.
  if (json.length <= most * 2) return false;
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
