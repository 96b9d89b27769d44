/** Where the line goes: standard error, or a test's own. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const TERMINAL_EVERY_MS = 100;
const LOG_EVERY_MS = 2_000;

/** Progress for people: on a terminal one line that is written over, elsewhere a line every 2 s, and always one at the end of a job. */
export class ProgressLine {
  readonly #out: ProgressOutput;
  readonly #now: () => number;
  #startedAt = 0;
  #shownAt = Number.NEGATIVE_INFINITY;

  /** `now` is monotonic, in ms. */
  constructor(out: ProgressOutput, now: () => number = () => performance.now()) {
    this.#out = out;
    this.#now = now;
  }

  start(label: string, total: number): void {
    this.#startedAt = this.#now();
    this.#show(label, 0, total);
  }

  update(label: string, done: number, total: number): void {
    const everyMs = this.#out.isTTY ? TERMINAL_EVERY_MS : LOG_EVERY_MS;
    if (this.#now() - this.#shownAt >= everyMs) this.#show(label, done, total);
  }

  end(label: string, done: number, total: number): void {
    this.#show(label, done, total);
    if (this.#out.isTTY) this.#out.write("\n");
  }

  #show(label: string, done: number, total: number): void {
    this.#shownAt = this.#now();
    const seconds = (this.#shownAt - this.#startedAt) / 1_000;
    const rate = done > 0 && seconds > 0 ? ` ${Math.round(done / seconds).toLocaleString("en-US")} tasks/s` : "";
    const percent = total > 0 ? Math.floor((done / total) * 100) : 100;
    const line = `${label} ${done.toLocaleString("en-US")} of ${total.toLocaleString("en-US")} (${percent} %)${rate}`;
    this.#out.write(this.#out.isTTY ? `\r${line}\u001b[K` : `${line}\n`);
  }
}
