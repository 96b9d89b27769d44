/** What tests use as passwords and payloads, wherever such a thing must not be seen: it can be told from everything else that is said. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const CANARY = /canary-[a-z]+-[0-9a-f]{4}/;
const OVERHEAR = pathToFileURL(new URL("overhear.mjs", import.meta.url).pathname).href;
/** A few show where they come from. */
const MOST_LINES = 5;

/** The environment in which all processes of a run are overheard. */
export function overheardIn(file: string): NodeJS.ProcessEnv {
  const options = [process.env.NODE_OPTIONS ?? "", `--import=${OVERHEAR}`].join(" ").trim();
  return { NODE_OPTIONS: options, DISPATCH_TEST_OVERHEARD: file, DISPATCH_TEST_OVERHEAR_OUTPUT: "1" };
}

/** The lines of `file` that hold a canary, and the first of them. */
export async function findCanaries(
  file: string,
): Promise<{ readonly count: number; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!CANARY.test(line)) continue;
    count += 1;
    if (lines.length < MOST_LINES) lines.push(line);
  }
  return { count, lines };
}
