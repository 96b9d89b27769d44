import type { BadFrame, Frame } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";

/** The number of this codec in a header. */
export const JSON_CODEC = 1;

/** The most bytes of a body after decoding, and the deepest nesting in it: above either a frame goes to the dead letters. */
export const bodyLimits = Object.freeze({ decodedBytes: 16 * 1024 * 1024, jsonDepth: 64 });

/** One JSON text for all payloads of a frame. Throws `INPUT_INVALID` where a value has no JSON, or is nested too deep; `TOO_LARGE` above the limit. */
export function encodeJson(value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw new DispatchError("INPUT_INVALID", `not representable as JSON: ${messageOf(error)}`, { cause: error });
  }
  if (json === undefined) throw new DispatchError("INPUT_INVALID", "not representable as JSON");
  if (json.length > bodyLimits.decodedBytes) {
    throw new DispatchError("TOO_LARGE", `${json.length} characters of JSON, the limit is ${bodyLimits.decodedBytes}`);
  }
  if (tooDeep(json)) throw new DispatchError("INPUT_INVALID", `nested deeper than ${bodyLimits.jsonDepth}`);
  return json;
}

/** What a body holds, or why it is refused. The codecs must be just this one, until there are others. */
export function decodeBody(body: Uint8Array, codecs: readonly number[]): { readonly value: unknown } | BadFrame {
  const unknown = codecs.find((codec) => codec !== JSON_CODEC);
  if (unknown !== undefined) return { bad: "CODEC_UNKNOWN", detail: `codec ${unknown}` };
  if (body.length > bodyLimits.decodedBytes) return { bad: "FRAME_INVALID", detail: `a body of ${body.length} bytes` };
  const json = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  if (tooDeep(json)) return { bad: "FRAME_INVALID", detail: `nested deeper than ${bodyLimits.jsonDepth}` };
  try {
    return { value: JSON.parse(json) as unknown };
  } catch (error) {
    return { bad: "FRAME_INVALID", detail: `not JSON: ${messageOf(error)}` };
  }
}

/** The payload of a frame of one task. */
export function onePayload(frame: Frame): { readonly value: unknown } | BadFrame {
  const body = decodeBody(frame.body, frame.codecs);
  if ("bad" in body) return body;
  if (!Array.isArray(body.value) || body.value.length !== 1 || frame.count !== 1)
    return { bad: "FRAME_INVALID", detail: "not one payload a task" };
  return { value: body.value[0] as unknown };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Counts brackets outside of strings, without recursion. The outermost array is the frame's own and does not count. */
function tooDeep(json: string): boolean {
  // A text that nests deeper than the limit has at least two brackets a level.
  if (json.length <= bodyLimits.jsonDepth * 2) return false;
  let depth = -1;
  let quoted = false;
  for (let index = 0; index < json.length; index += 1) {
    const unit = json.charCodeAt(index);
    if (quoted) {
      if (unit === 0x5c) index += 1;
      else if (unit === 0x22) quoted = false;
    } else if (unit === 0x22) quoted = true;
    else if (unit === 0x5b || unit === 0x7b) {
      depth += 1;
      if (depth > bodyLimits.jsonDepth) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth -= 1;
  }
  return false;
}
