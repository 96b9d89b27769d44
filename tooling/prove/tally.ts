/** What became of each task of a cell, at two bytes a task. */
import type { Result } from "../../packages/core/dist/contract.js";

/** What handlers give back: whose task it was. */
export interface Done {
  readonly n: number;
}

const COMPLETED = 1;
const DEAD = 2;
/** Its coordinator gave it up: it had been acknowledged, and the broker did not have it any more. */
const VANISHED = 3;
/** So many of what went wrong are told one by one. */
const MOST_ODDITIES = 10;
/** The run ended before it did. */
const UNENDED = 4;

type TalliedResult = Pick<Result<Done>, "outcome" | "value" | "error"> & Partial<Pick<Result, "attempts" | "lost">>;

export interface TallyCounters {
  /** Tasks that the broker has said it has. */
  readonly acknowledged: number;
  readonly completed: number;
  readonly dead: number;
  /** Acknowledged ones without an outcome of their own: none came, the run was over before, or they vanished from the broker. */
  readonly lost: number;
  /** Outcomes of tasks that there were not, and completions with the value of another task. */
  readonly unexpected: number;
  /** Outcomes beyond the first of a task. */
  readonly doubled: number;
}

export class Tally {
  readonly #acknowledged: Uint8Array;
  readonly #outcomes: Uint8Array;
  #unexpected = 0;
  #doubled = 0;
  #ended = 0;
  readonly #oddities: string[] = [];

  constructor(tasks: number) {
    this.#acknowledged = new Uint8Array(tasks);
    this.#outcomes = new Uint8Array(tasks);
  }

  /** Tasks that have an outcome. */
  get ended(): number {
    return this.#ended;
  }

  /** The first results that nobody would expect where no handler fails. */
  get oddities(): readonly string[] {
    return this.#oddities;
  }

  acknowledge(n: number): void {
    if (n in this.#acknowledged) this.#acknowledged[n] = 1;
    else this.#unexpected += 1;
  }

  isCompleted(n: number): boolean {
    return this.#outcomes[n] === COMPLETED;
  }

  /** A run has given its result for the task of this number. */
  result(n: number, result: TalliedResult): void {
    const { outcome, value, error } = result;
    const isKnown = n in this.#outcomes;
    const isAnothers = outcome === "completed" && value?.n !== n;
    const isSecond = isKnown && this.#outcomes[n] !== 0;
    if (!isKnown || isAnothers) this.#unexpected += 1;
    if (isSecond) this.#doubled += 1;
    if ((!isKnown || isAnothers || isSecond || outcome !== "completed") && this.#oddities.length < MOST_ODDITIES)
      this.#oddities.push(`task ${n}: ${JSON.stringify(result)}`);
    if (!isKnown || isSecond) return;
    this.#ended += 1;
    if (outcome === "completed") this.#outcomes[n] = COMPLETED;
    else if (outcome === "dead") this.#outcomes[n] = error?.code === "VANISHED" ? VANISHED : DEAD;
    else this.#outcomes[n] = UNENDED;
  }

  get counters(): TallyCounters {
    const counts = [0, 0, 0, 0, 0];
    let acknowledged = 0;
    let lost = 0;
    for (const [n, outcome] of this.#outcomes.entries()) {
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      const isAcknowledged = this.#acknowledged[n] === 1;
      if (isAcknowledged) acknowledged += 1;
      if (isAcknowledged && outcome !== COMPLETED && outcome !== DEAD) lost += 1;
    }
    const completed = counts[COMPLETED] ?? 0;
    const dead = (counts[DEAD] ?? 0) + (counts[VANISHED] ?? 0);
    return { acknowledged, completed, dead, lost, unexpected: this.#unexpected, doubled: this.#doubled };
  }
}
