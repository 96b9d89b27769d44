import { open } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { messageOf, misuse } from "../failure.ts";
import { type Document, SyntaxProblem } from "./document.ts";
import { readJson } from "./json-text.ts";
import { ConfigError } from "./problem.ts";
import { readToml } from "./toml-text.ts";
import { readYaml } from "./yaml-text.ts";

/** The largest file that is read: some hundred times what all keys together need, and what a YAML reader takes well below a second for. */
export const MAX_FILE_BYTES = 65_536;

/** What a file can be. */
export type Format = "json" | "toml" | "yaml";

const READERS: Readonly<Record<Format, (text: string) => Document>> = {
  json: readJson,
  toml: readToml,
  yaml: readYaml,
};
const FORMAT_OF: Readonly<Record<string, Format>> = {
  ".json": "json",
  ".toml": "toml",
  ".yaml": "yaml",
  ".yml": "yaml",
};

/** Reads a configuration file. Throws CONFIG_INVALID: one that cannot be read, is too large, is not UTF-8, or is not of its format (a `ConfigError`). */
export async function readSourceFile(file: string, cwd: string): Promise<Document> {
  const text = textOf(await bytesOf(file, cwd), file);
  return readDocument(text, file);
}

/** The same for a text that has been read. */
export function readDocument(text: string, file: string): Document {
  try {
    return READERS[formatOf(file, text)](text);
  } catch (error) {
    if (error instanceof SyntaxProblem) throw new ConfigError(file, [error.problem]);
    throw error;
  }
}

/** By the extension; where that says nothing, by the first line that does. */
export function formatOf(file: string, text: string): Format {
  const known = FORMAT_OF[extname(file).toLowerCase()];
  if (known !== undefined) return known;
  const first = text.split("\n").find((line) => /^\s*[^\s#]/.test(line)) ?? "";
  if (/^\s*\{/.test(first)) return "json";
  return /^\s*(?:\[|["'\w.-]+\s*=)/.test(first) ? "toml" : "yaml";
}

async function bytesOf(file: string, cwd: string): Promise<Buffer> {
  try {
    await using handle = await open(resolve(cwd, file));
    const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
    let length = 0;
    // In a loop: a pipe, such as `<(…)` of a shell, gives what it has.
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) return buffer.subarray(0, length);
      length += bytesRead;
    }
  } catch (error) {
    throw misuse(`the configuration file ${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  throw misuse(`the configuration file ${file} is larger than ${MAX_FILE_BYTES} bytes`);
}

function textOf(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw misuse(`the configuration file ${file} is not UTF-8`);
  }
}
