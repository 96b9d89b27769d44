/** The `dispatch` command in processes of its own, as people start it. */
import { type ChildProcess, spawn } from "node:child_process";
import { root } from "../tree.ts";

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A `dispatch` command that runs. */
export class Program {
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcess;
  #said = "";

  constructor(...argv: readonly string[]) {
    const child = spawn(process.execPath, [`${root}/packages/cli/dist/bin.js`, ...argv], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        process.off("exit", kill);
        resolve({ code, signal });
      });
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said += text;
    });
  }

  /** Standard error so far. */
  get said(): string {
    return this.#said;
  }

  /** The events of `--log json` so far. */
  get events(): readonly { readonly event?: string; readonly [field: string]: unknown }[] {
    const lines = this.#said.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line));
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
