/** One run of vitest over this tree, counted. */
import { readFile, rm } from "node:fs/promises";
import { run } from "../command.ts";
import { root } from "../tree.ts";
import { type Report, readReport } from "./report.ts";
import type { Tally } from "./tally.ts";

export interface Suite {
  /** For people, and the name of its report's file. */
  readonly name: string;
  /** The Node that runs it: a program. */
  readonly node: string;
  /** Vitest's own arguments: patterns and options. */
  readonly args: readonly string[];
}

/** The longest that a test may take which names no time of its own: one that hangs is to fail, one on a busy machine is not. */
const testTimeoutMs = 60_000;

/** Runs a suite with its output on the terminal. */
export async function runSuite({ name, node, args }: Suite): Promise<Tally> {
  const file = `${root}/.reports/${name}.json`;
  await rm(file, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const options = [...reporters, `--testTimeout=${testTimeoutMs}`, `--hookTimeout=${2 * testTimeoutMs}`];
  const { code } = await run([node, "node_modules/vitest/vitest.mjs", "run", ...options, ...args], { shown: true });
  const { tally, complaints } = readReport(await load(file), code);
  for (const complaint of complaints) console.log(`FAILED ${name}: ${complaint}`);
  return tally;
}

/** The report, or `undefined` where there is none that can be read. */
async function load(file: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Report;
  } catch {
    return undefined;
  }
}
