#!/usr/bin/env node
import { createRequire } from "node:module";
import type { Writable } from "node:stream";
import { systemClock } from "@org/dispatch-core";
import { errorLine, messageOf, oneLine } from "./failure.ts";
import { main } from "./main.ts";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

const say = (line: string) => void process.stderr.write(`${line}\n`);

process.stderr.on("error", () => {});
// A promise that a handler let go of has no task any more that could fail: the others are not to pay for it.
process.on("unhandledRejection", (reason) =>
  say(`warn a promise was rejected and nobody waited for it: ${oneLine(messageOf(reason))}`),
);
process.on("uncaughtException", (error) => {
  say(errorLine("INTERNAL", `thrown outside of any task: ${messageOf(error)}`));
  process.exit(1);
});
process.on("beforeExit", () => {
  say(errorLine("INTERNAL", "nothing is left to wait for, but the command has not ended"));
  process.exit(1);
});

const exitCode = await main(process.argv.slice(2), {
  cwd: process.cwd(),
  home: import.meta.url,
  version,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
  clock: systemClock(),
  exit: (code) => process.exit(code),
});

// What a handler's module left open (a pool, a timer) is not to keep the command alive; what was written is to get out first.
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(exitCode);

function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.errored) resolve();
    else stream.write("", () => resolve());
  });
}
