import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The folders of test262-parser-tests, in the order of every table and of every list of inputs. */
export const folders = ["pass", "pass-explicit", "fail", "early"] as const;
export type Folder = (typeof folders)[number];

export type Goal = "script" | "module";
export type Expectation = "accept" | "reject";

/** One file of the suite. */
export interface Case {
  readonly file: string;
  readonly folder: Folder;
  readonly goal: Goal;
  /** Byte for byte what the file holds, read as UTF-8: a byte order mark, CRLF and U+2028 are part of the test. */
  readonly source: string;
  readonly expected: Expectation;
}

/** The two `pass` folders are to be accepted, the others rejected. */
function expectationOf(folder: Folder): Expectation {
  return folder === "pass" || folder === "pass-explicit" ? "accept" : "reject";
}

function goalOf(file: string): Goal {
  return file.endsWith(".module.js") ? "module" : "script";
}

/** All files of a folder, sorted by code unit: the same order on every machine. Throws where the package is not installed. */
export function readCases(folder: Folder): Case[] {
  const path = join(suitePath(), folder);
  return readdirSync(path)
    .filter((file) => file.endsWith(".js"))
    .sort()
    .map((file) => ({
      file,
      folder,
      goal: goalOf(file),
      source: readFileSync(join(path, file), "utf8"),
      expected: expectationOf(folder),
    }));
}

function suitePath(): string {
  const require = createRequire(import.meta.url);
  return dirname(require.resolve("test262-parser-tests/package.json"));
}
