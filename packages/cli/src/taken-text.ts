import type { Readable } from "node:stream";

/** For tests: all that was written to a stream since the last look. One `read` is not enough on every Node: it may answer a single chunk. */
export function takeText(stream: Readable): string {
  let text = "";
  for (let chunk: unknown = stream.read(); chunk !== null; chunk = stream.read()) text += String(chunk);
  return text;
}
