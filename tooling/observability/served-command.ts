/** The `dispatch` command as a process that serves HTTP. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { until } from "../services/waiting.ts";
import { type Line, readLines } from "./samples.ts";

const BIN = new URL("../../packages/cli/dist/bin.js", import.meta.url).pathname;
const START_MS = 60_000;

export class ServedCommand {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number | null>;
  #output = "";
  #errors = "";
  /** Where it serves. */
  url = "";

  private constructor(argv: readonly string[], cwd: string, apart: boolean) {
    const options = { cwd, detached: apart };
    this.#child = spawn(process.execPath, [BIN, ...argv, "--http", "127.0.0.1:0"], options);
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    // Whoever writes to one that was killed learns of its end by `ended`.
    this.#child.stdin.on("error", () => {});
    this.#ended = once(this.#child, "exit").then(([code]) => code as number | null);
  }

  /** Resolves when it listens. Throws with what it said where it does not. `apart`: in a session of its own, so that Ctrl-C does not reach it. */
  static async start(argv: readonly string[], cwd: string, { apart = false } = {}): Promise<ServedCommand> {
    const command = new ServedCommand(argv, cwd, apart);
    const find = () => /metrics, health and scale at (http:\S+)/.exec(command.#errors)?.[1];
    const hasEnded = () => command.#child.exitCode !== null || command.#child.signalCode !== null;
    await until(() => find() !== undefined || hasEnded(), START_MS);
    const url = find();
    if (url === undefined) {
      await command.stop("SIGKILL");
      throw new Error(`dispatch ${argv[0]} does not serve: ${command.#errors}`);
    }
    command.url = url;
    return command;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** What it said: results on standard output, all else on standard error. */
  get output(): string {
    return this.#output;
  }
  get errors(): string {
    return this.#errors;
  }

  write(lines: readonly unknown[]): void {
    this.writeText(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }

  /** Its standard input, as it is. */
  writeText(text: string): void {
    this.#child.stdin.write(text);
  }

  endInput(): void {
    this.#child.stdin.end();
  }

  /** Ends it, and answers the exit code; `null` where the signal ended it. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.#child.kill(signal);
    return this.#ended;
  }

  ended(): Promise<number | null> {
    return this.#ended;
  }

  async lines(): Promise<Line[]> {
    return readLines(await (await fetch(`${this.url}/metrics`)).text());
  }

  async page<T>(path: "/readyz" | "/scale"): Promise<{ readonly status: number; readonly body: T }> {
    const response = await fetch(`${this.url}${path}`);
    return { status: response.status, body: (await response.json()) as T };
  }
}
