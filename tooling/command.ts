/** Runs a program of this tree to its end. */
import { spawn } from "node:child_process";
import { root } from "./tree.ts";

/** How a program ended, and what it said. */
export interface Ended {
  /** The exit code; 1 where a signal ended it or it never started. */
  readonly code: number;
  /** Standard output. */
  readonly stdout: string;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

export interface CommandOptions {
  /** Working directory; default: the repository's own folder. */
  readonly cwd?: string;
  /** Laid over this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Passes what the program says on to the terminal as it comes, instead of keeping it; default false. */
  readonly shown?: boolean;
  /** Ends it by SIGTERM after so long; default: never. */
  readonly timeoutMs?: number;
}

/** Runs `argv` (a program and its arguments; programs of node_modules/.bin go by their name). Never rejects: what went wrong stands in the answer. */
export function run(
  argv: readonly string[],
  { cwd = root, env = {}, shown = false, timeoutMs = 0 }: CommandOptions = {},
): Promise<Ended> {
  const path = `${root}/node_modules/.bin:${process.env.PATH}`;
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", PATH: path, ...env },
    timeout: timeoutMs,
    stdio: ["ignore", shown ? "inherit" : "pipe", shown ? "inherit" : "pipe"],
  });
  return new Promise((resolve) => {
    let stdout = "";
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.on("error", (error) => resolve({ code: 1, stdout, output: `${output}${error.message}\n` }));
    child.on("close", (code, signal) =>
      resolve({ code: code ?? 1, stdout, output: signal === null ? output : `${output}ended by ${signal}\n` }),
    );
  });
}
