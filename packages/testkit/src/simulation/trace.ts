import { createHash } from "node:crypto";
import type { DispatchEvent, Observer } from "@org/dispatch-core/contract";

/** One line of what happened. */
export interface Traced {
  /** Ms on the clock of the world. */
  readonly at: number;
  readonly process: string;
  readonly what: string;
}

/** All that happens in a simulation, in order, without anything that differs between two runs of a seed: runs are called `r1`, `r2`, … */
export class Trace {
  readonly #lines: Traced[] = [];
  readonly #runs = new Map<string, string>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get lines(): readonly Traced[] {
    return this.#lines;
  }

  /** Two runs of a seed are the same if their hashes are. */
  get hash(): string {
    const hash = createHash("sha256");
    for (const { at, process, what } of this.#lines) hash.update(`${at} ${process} ${what}\n`);
    return hash.digest("hex").slice(0, 16);
  }

  note(process: string, what: string): void {
    this.#lines.push({ at: this.#now(), process, what: this.plain(what) });
  }

  observer(process: string): Observer {
    return (event) => {
      if (event.event !== "call" || event.code !== undefined) this.note(process, told(event));
    };
  }

  /** The text with short names of runs. */
  plain(text: string): string {
    return text.replace(RUN, (run) => {
      const known = this.#runs.get(run) ?? `r${this.#runs.size + 1}`;
      this.#runs.set(run, known);
      return known;
    });
  }

  /** The last `most` lines up to the violation that say something of the task, and all faults among them; without a task, all lines. */
  about(task: string | undefined, most: number): readonly string[] {
    const said = new RegExp(task === undefined ? "" : `${task.replace("/", "\\/")}\\b`);
    const lines = this.#lines.filter(({ what }) => said.test(what) || !what.includes("="));
    return lines
      .slice(-most)
      .map(({ at, process, what }) => `${String(at).padStart(8)} ms  ${process.padEnd(14)} ${what}`);
  }
}

/** The name of a run, which differs each time, where one can stand. */
const RUN = /(?<![\w-])[\w-]{11}(?=\/\d)|(?<=\brun=|"run":")[\w-]{11}/g;

/** Fields that every line of a process has. */
const left = new Set(["event", "queue", "workerId", "backend", "task"]);

function told(event: DispatchEvent): string {
  const fields = Object.entries(event).filter(([key, value]) => !left.has(key) && value !== undefined);
  const texts = fields.map(([key, value]) => `${key}=${typeof value === "object" ? JSON.stringify(value) : value}`);
  return [event.event, ...texts].join(" ");
}
