import type { Writable } from "node:stream";
import { systemClock } from "@org/dispatch-core";
import { errorLine, messageOf } from "./failure.ts";
import { main } from "./main.ts";
import { guardProcess } from "./process-guard.ts";

/** Runs the command in this process, on its arguments, streams and signals, and ends the process with its exit code. */
export async function runMain(version: string): Promise<void> {
  const { stdin, stdout, stderr } = process;

  for (const stream of [stdout, stderr]) stream.on("error", () => {});
  const guard = guardProcess(process, (line) => void stderr.write(`${line}\n`));

  const exitCode = await main(process.argv.slice(2), {
    cwd: process.cwd(),
    home: import.meta.url,
    version,
    environment: process.env,
    stdin,
    stdout,
    stderr,
    signals: process,
    watchForeignCode: guard.watch,
    clock: systemClock(),
    exit: guard.exit,
  });

  // What a handler's module left open (a pool, a timer) is not to keep the command alive; what was written is to get out first.
  await flushed(stdout);
  // Who has read enough goes, and is no failure; what a run could not hand over is one, and has been said.
  const failure = stdout.errored as NodeJS.ErrnoException | null;
  const isLost = failure !== null && failure.code !== "EPIPE" && exitCode === 0;
  if (isLost) stderr.write(`${errorLine("CLOSED", `cannot write to standard output: ${messageOf(failure)}`)}\n`);
  await flushed(stderr);
  guard.exit(isLost ? 1 : exitCode);
}

function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.errored) resolve();
    else stream.write("", () => resolve());
  });
}
