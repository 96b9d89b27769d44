/** For tests: `./dev demo observability` as a person starts it, and what it leaves behind. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { home } from "../services/places.ts";
import { isAlive } from "../services/processes.ts";
import type { ServerProcess } from "../services/service.ts";
import { until } from "../services/waiting.ts";
import { root } from "../tree.ts";

/** With what it may have to fetch first. */
const SAYS_MS = 240_000;

export class DemoProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number | null>;
  /** All that it said. */
  output = "";

  constructor(...flags: readonly string[]) {
    // A process group of its own, as a shell gives one.
    this.#child = spawn(`${root}/dev`, ["demo", "observability", ...flags], { detached: true });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    this.#ended = once(this.#child, "exit").then(([code]) => code as number | null);
  }

  /** Its folder, which is gone when it has ended. */
  get folder(): string {
    return `${home}/demo-${this.#child.pid}`;
  }
  get isGone(): boolean {
    return !existsSync(this.folder);
  }

  /** Throws with all that it said where it ends without having said it. */
  async untilItSays(words: string): Promise<void> {
    const isOver = () => this.#child.exitCode !== null || this.#child.signalCode !== null;
    await until(() => this.output.includes(words) || isOver(), SAYS_MS);
    if (!this.output.includes(words)) throw new Error(`it never said ${words}: ${this.output}`);
  }

  ended(): Promise<number | null> {
    return this.#ended;
  }

  /** To it alone, or, as Ctrl-C does, to all of its group. */
  signal(name: NodeJS.Signals, group = false): void {
    const pid = this.#child.pid as number;
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(group ? -pid : pid, name);
  }

  /** The servers and commands that it has noted. */
  async processes(): Promise<ServerProcess[]> {
    const folders = await readdir(this.folder);
    const servers = folders.filter((name) => existsSync(`${this.folder}/${name}/service.json`));
    const texts = servers.map((name) => readFile(`${this.folder}/${name}/service.json`, "utf8"));
    const records = (await Promise.all(texts)).map((text) => JSON.parse(text) as { processes: ServerProcess[] });
    const noted = JSON.parse(await readFile(`${this.folder}/processes.json`, "utf8")) as ServerProcess[];
    return [...records.flatMap(({ processes }) => processes), ...noted];
  }
}

/** Those of them that run. */
export function alive(processes: readonly ServerProcess[]): string[] {
  return processes.filter(isAlive).map(({ name, pid }) => `${name} ${pid}`);
}
