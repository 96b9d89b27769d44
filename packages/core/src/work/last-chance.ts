import type { Clock } from "../contract/index.ts";

const MOST_STEPS = 8;

/**
 * The last chance of a task is taken alone, so that its crash counts on nobody else. A worker that met one beside others first lets go of all that it
 * holds, then takes single frames until it has run such a one, or until two back-off steps have passed.
 */
export class LastChance {
  readonly #clock: Clock;
  readonly #stepMs: number;
  readonly #wake: () => void;
  #mode: "no" | "emptying" | "single" | "running" = "no";
  #until = 0;
  #met = 0;

  /** `wake`: more may be taken again, though nothing was let go. */
  constructor(clock: Clock, stepMs: number, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
    this.#stepMs = stepMs;
  }

  /**
   * One is given back, because others are held. Answers for how long: one back-off step, and one more for each that is given back with it, up to eight.
   * Two that came back together would meet in the next worker, too, and in the one after it.
   */
  met(): number {
    if (this.#mode === "no") {
      this.#mode = "emptying";
      this.#met = 0;
    }
    this.#met += 1;
    return this.#stepMs * (((this.#met - 1) % MOST_STEPS) + 1);
  }

  /** Is one being run, so that whatever else comes has to go back? */
  get isTaken(): boolean {
    return this.#mode === "running";
  }

  /** One was taken, alone. */
  took(): void {
    this.#mode = "running";
  }

  /** How many frames may be held now, of `capacity`. `held` says how many are. */
  most(capacity: number, held: number): number {
    if (this.#mode === "running") {
      if (held > 0) return 0;
      this.#mode = "no";
    }
    if (this.#mode === "emptying") {
      if (held > 0) return 0;
      this.#mode = "single";
      this.#until = this.#clock.now() + 2 * this.#stepMs;
      this.#clock.after(2 * this.#stepMs, this.#wake, true);
    }
    if (this.#mode === "single") {
      if (this.#clock.now() < this.#until) return 1;
      this.#mode = "no";
    }
    return capacity;
  }
}
