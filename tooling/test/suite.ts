/** One run of vitest, counted. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "../command.ts";
import { root } from "../tree.ts";
import { findCanaries, overheardIn } from "./canaries.ts";
import { type Report, readReport } from "./report.ts";
import type { Tally } from "./tally.ts";

export interface Suite {
  /** For people, and the name of its report's file. */
  readonly name: string;
  /** The Node that runs it: a program. */
  readonly node: string;
  /** Vitest's own arguments: patterns and options. */
  readonly args: readonly string[];
  /** Whose tests; default: this tree. */
  readonly folder?: string;
  /** Puts what vitest says on the terminal; default true. */
  readonly shown?: boolean;
}

/** The longest that a test may take which names no time of its own: one that hangs is to fail, one on a busy machine is not. */
const testTimeoutMs = 30_000;

/**
 * Runs a suite, with an empty folder for what is temporary: what is left there is a failure, and so is a secret or a payload in anything that its processes
 * say. Never rejects: a run that broke is a failure.
 */
export async function runSuite({ name, node, args, folder = root, shown = true }: Suite): Promise<Tally> {
  const file = `${folder}/.reports/${name}.json`;
  await rm(file, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const times = [`--testTimeout=${testTimeoutMs}`, `--hookTimeout=${2 * testTimeoutMs}`];
  const argv = [node, `${root}/node_modules/vitest/vitest.mjs`, "run", ...reporters, ...times, ...args];
  const temporary = await mkdtemp(join(tmpdir(), "dispatch-tests-"));
  // Compilers that tests start would keep something there for the next time.
  const heard = `${folder}/.reports/${name}.heard`;
  await mkdir(dirname(heard), { recursive: true });
  await writeFile(heard, "");
  const env = { TMPDIR: temporary, NODE_DISABLE_COMPILE_CACHE: "1", ...overheardIn(heard) };
  const { code } = await run(argv, { cwd: folder, shown, env });
  const left = await readdir(temporary);
  await rm(temporary, { recursive: true, force: true });
  return readReport(await load(file), code, left, await findCanaries(heard));
}

/** The report, or `undefined` where there is none that can be read. */
async function load(file: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Report;
  } catch {
    return undefined;
  }
}
