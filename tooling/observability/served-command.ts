/** For tests: the `dispatch` command as a process that serves HTTP. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "vitest";
import { type Line, readLines } from "./samples.ts";

const BIN = new URL("../../packages/cli/dist/bin.js", import.meta.url).pathname;

export class ServedCommand {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number | null>;
  #output = "";
  #errors = "";
  /** Where it serves. */
  url = "";

  private constructor(argv: readonly string[], cwd: string) {
    this.#child = spawn(process.execPath, [BIN, ...argv, "--http", "127.0.0.1:0"], { cwd });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    this.#ended = once(this.#child, "exit").then(([code]) => code as number | null);
  }

  /** Resolves when it listens. */
  static async start(argv: readonly string[], cwd: string): Promise<ServedCommand> {
    const command = new ServedCommand(argv, cwd);
    const find = () => /metrics, health and scale at (http:\S+)/.exec(command.#errors)?.[1] ?? command.#errors;
    await expect.poll(find, { timeout: 20_000 }).toMatch(/^http:/);
    command.url = find();
    return command;
  }

  /** What it said: results on standard output, all else on standard error. */
  get output(): string {
    return this.#output;
  }
  get errors(): string {
    return this.#errors;
  }

  write(lines: readonly unknown[]): void {
    this.#child.stdin.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
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
