/** When which input is read, and when the fault strikes: evenly over the tasks, and always with work under way. */

/** How long whoever waits at the gate, or a trickle, waits. */
const TURN_MS = 50;

export class Gate {
  readonly #tasks: number;
  readonly #strikes: number;
  #open: number;
  #trickle: NodeJS.Timeout | undefined;

  constructor(tasks: number, strikes: number) {
    this.#tasks = tasks;
    this.#strikes = strikes;
    this.#open = this.#portionEnd(0);
  }

  /** So many inputs may have been read. */
  get open(): number {
    return this.#open;
  }

  /** The strike of this number, from 0, comes when so many tasks have ended: half of what was let in before it is under way. */
  strikesAt(strike: number): number {
    return Math.floor(((strike + 0.5) * this.#tasks) / (this.#strikes + 1));
  }

  /** While it strikes a little goes on coming in: up to a quarter of the next portion, in four seconds. */
  begin(strike: number): void {
    const from = this.#portionEnd(strike);
    const most = Math.floor(from + (this.#portionEnd(strike + 1) - from) / 4);
    const step = Math.max(1, Math.ceil(((most - from) * TURN_MS) / 4_000));
    this.#trickle = setInterval(() => {
      this.#open = Math.min(most, this.#open + step);
    }, TURN_MS);
  }

  /** It has struck: the next portion comes in. */
  end(strike: number): void {
    clearInterval(this.#trickle);
    this.#open = this.#portionEnd(strike + 1);
  }

  close(): void {
    clearInterval(this.#trickle);
    this.#open = this.#tasks;
  }

  /** Every `of`-th number of a task from `first` on, as the gate lets it through; ends early with the signal. */
  async *numbers(first: number, of: number, signal: AbortSignal): AsyncGenerator<number> {
    for (let n = first; n < this.#tasks; n += of) {
      while (n >= this.#open && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, TURN_MS));
      if (signal.aborted) return;
      yield n;
    }
  }

  #portionEnd(strike: number): number {
    return Math.floor(((strike + 1) * this.#tasks) / (this.#strikes + 1));
  }
}
