/** Runs one measurement in a process of its own: no subject inherits another's heap or compiled code. */
import { spawn } from "node:child_process";
import type { Measure } from "./rounds.ts";
import type { Measured } from "./series.ts";

/** A subject that has not ended by then never will: it lost a task and waits for it. */
const LIMIT_MS = 10 * 60_000;

/** Rejects with an Error that says how the process ended; what was wrong it has said itself. */
export const childMeasure: Measure = async (measurement, subject, tasks) => {
  const script = `${import.meta.dirname}/measure.ts`;
  const argv = ["--expose-gc", script, measurement, subject.href, String(tasks)];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"], timeout: LIMIT_MS });
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
  return JSON.parse(said) as Measured;
};
