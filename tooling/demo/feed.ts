/** The inputs of the example, one after the other, to a coordinator that waits for more. */
import { run } from "../command.ts";
import type { ServedCommand } from "../observability/served-command.ts";
import { root } from "../tree.ts";

const TICK_MS = 100;
const PER_TICK = 4;

/** No payload of the example: its handler rejects it at once, and it is a dead letter. */
const POISON = '{"file":"none.js"}';
/** No JSON at all: it is refused before it is sent. */
const MALFORMED = '{"file":';

export class Feed {
  readonly #lines: readonly string[];
  readonly #to: ServedCommand;
  readonly #timer: NodeJS.Timeout;
  #next = 0;

  private constructor(lines: readonly string[], to: ServedCommand) {
    this.#lines = lines;
    this.#to = to;
    this.#timer = setInterval(() => this.burst(PER_TICK), TICK_MS).unref();
  }

  /** Begins: 40 inputs a second. */
  static async start(to: ServedCommand): Promise<Feed> {
    const { code, stdout, output } = await run([process.execPath, `${root}/examples/evaluate/generate.ts`]);
    if (code !== 0) throw new Error(`examples/evaluate/generate.ts failed: ${output}`);
    return new Feed(stdout.trim().split("\n"), to);
  }

  /** So many at once. */
  burst(count: number): void {
    let text = "";
    for (let each = 0; each < count; each += 1) text += `${this.#takeOne()}\n`;
    this.#to.writeText(text);
  }

  /** Inputs that no handler can use, some that are none at all, and two that take longer than they may. */
  spoil(): void {
    const slow = { ...(JSON.parse(this.#takeOne()) as object), slowMs: 60_000 };
    const lines = [...new Array<string>(20).fill(POISON), ...new Array<string>(3).fill(MALFORMED), JSON.stringify(slow), JSON.stringify(slow)]; // biome-ignore format: one line
    this.#to.writeText(lines.map((line) => `${line}\n`).join(""));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #takeOne(): string {
    this.#next = (this.#next + 1) % this.#lines.length;
    return this.#lines[this.#next] as string;
  }
}
