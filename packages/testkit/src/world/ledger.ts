import type { Context } from "@org/dispatch-core";

/** One run of a handler, as the handler saw it. */
export interface HandlerRun {
  readonly id: string;
  readonly task: string;
  readonly worker: string;
  readonly payload: unknown;
  readonly attempt: number;
  readonly lost: number;
  readonly fence: number;
  /** Ms on the clock of the world. */
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  /** `running` also where its process died under it. */
  readonly end: "running" | "returned" | "threw";
  /** What it returned, or threw. */
  readonly value: unknown;
  /** The code with which its signal fired, if it did. */
  readonly aborted: string | undefined;
}

type Open = { -readonly [K in keyof HandlerRun]: HandlerRun[K] };

/** All runs of all handlers of a case, in the order in which they began. */
export class Ledger {
  readonly #runs: Open[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get runs(): readonly HandlerRun[] {
    return this.#runs;
  }

  /** The runs of one task. */
  of(id: string): readonly HandlerRun[] {
    return this.#runs.filter((run) => run.id === id);
  }

  /** A run that stands in another ledger already. */
  add(run: HandlerRun): void {
    this.#runs.push(run);
  }

  /** Answers how to say how it ended. */
  begin(
    task: string,
    worker: string,
    payload: unknown,
    context: Context,
  ): (end: "returned" | "threw", value: unknown) => void {
    const { id, attempt, lost, fence, signal } = context;
    const about = { id, task, worker, payload, attempt, lost, fence, startedAt: this.#now() };
    const run: Open = { ...about, endedAt: undefined, end: "running", value: undefined, aborted: undefined };
    this.#runs.push(run);
    signal.addEventListener("abort", () => {
      run.aborted = (signal.reason as { readonly code?: string }).code;
    });
    return (end, value) => {
      run.end = end;
      run.value = value;
      run.endedAt = this.#now();
    };
  }
}
