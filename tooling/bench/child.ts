/** Runs one measurement in a process of its own: no subject inherits another's heap or compiled code. */
import { spawn } from "node:child_process";
import { root } from "../tree.ts";
import type { Measure } from "./rounds.ts";
import type { Measured } from "./series.ts";

/** A subject that has not ended by then never will: it lost a task and waits for it. */
const LIMIT_MS = 10 * 60_000;

/**
 * Where Node keeps modules without their types. A process that takes the types away has some 20 MB of the compiler that does it for as long as it lives,
 * which no user's process has: it would be in every figure of memory.
 */
const compiled = `${root}/.tools/compiled-benches`;

/** Subjects whose modules are there. */
const loaded = new Set<string>();

/** Rejects with an Error that says how the process ended; what was wrong it has said itself. */
export const childMeasure: Measure = async (measurement, subject, tasks) => {
  if (!loaded.has(subject.href)) {
    await runChild(["load", subject.href, "0"]);
    loaded.add(subject.href);
  }
  return JSON.parse(await runChild([measurement, subject.href, String(tasks)])) as Measured;
};

/** Answers with what it printed. */
async function runChild(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ["--expose-gc", `${import.meta.dirname}/measure.ts`, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: LIMIT_MS,
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  });
  const stop = () => child.kill();
  process.once("exit", stop);
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ending = await new Promise<string | undefined>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit ${code}`)));
  });
  process.removeListener("exit", stop);
  if (ending !== undefined) throw new Error(`the process ended with ${ending}`);
  return said;
}
