import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { readGenerateOptions, UsageError, usage } from "./src/generate-options.ts";
import { inputsOf } from "./src/inputs.ts";

/** Writes the payloads as JSON lines to standard output. Exit codes: 0 written (or the reader had enough) · 1 cannot be written · 2 wrong usage. */
async function generate(argv: readonly string[]): Promise<number> {
  const options = readGenerateOptions(argv);
  const lines = options.help ? [usage] : linesOf(inputsOf(options.kind, options));
  try {
    await pipeline(Readable.from(lines), process.stdout, { end: false });
  } catch (error) {
    if (!isReaderGone(error)) throw error;
  }
  return 0;
}

/** Lines, some thousands of characters at a time: one write a line would cost a system call each. */
function* linesOf(payloads: Iterable<unknown>): Generator<string> {
  const enough = 65_536;
  let text = "";
  for (const payload of payloads) {
    text += `${JSON.stringify(payload)}\n`;
    if (text.length < enough) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}

/** `generate.ts | head -3` is no failure: the reader has what it wanted. */
function isReaderGone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "EPIPE" || code === "ERR_STREAM_PREMATURE_CLOSE";
}

try {
  process.exitCode = await generate(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`generate: ${message.split("\n", 1)[0]}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
