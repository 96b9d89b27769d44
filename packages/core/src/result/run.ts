import type { Progress, Result, Summary } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import type { OpenRun } from "./open-run.ts";

/**
 * One fan-out: an async iterable of results, each input's exactly once. Iterate it, or await `results()` or `finished()`. Its memory is its window: who
 * reads slowly slows the sending down.
 */
export class Run<O = unknown> implements AsyncIterable<Result<O>>, AsyncDisposable {
  readonly #run: OpenRun<O>;
  #iterated = false;

  constructor(run: OpenRun<O>) {
    this.#run = run;
  }

  get id(): string {
    return this.#run.id;
  }

  get progress(): Progress {
    return this.#run.progress;
  }

  /** The books so far; final when the run has ended. */
  get summary(): Summary {
    return this.#run.summary;
  }

  /** Takes no more input; what is outstanding goes on. */
  endInput(): void {
    this.#run.endInput();
  }

  /**
   * Ends everything that is outstanding as `cancelled`, at once. Late results are counted, never accepted. What the broker has stays there, and a worker may
   * still run it: `QueueAdmin.purge` takes it out.
   */
  cancel(): void {
    this.#run.cancel();
  }

  /**
   * Resolves with the books when the run has ended. Where nobody has begun to iterate by the next turn of the event loop, results are dropped, and who asks
   * for them after that is refused (`UNSUPPORTED`). Rejects with `TIMED_OUT` after a global timeout, and with what ended the run early: an error of its
   * input, or of the broker.
   */
  finished(): Promise<Summary> {
    return this.#run.finished();
  }

  /** All results at once, for runs that fit into memory. Rejects as `finished` does. */
  async results(): Promise<Result<O>[]> {
    const all: Result<O>[] = [];
    for await (const result of this) all.push(result);
    return all;
  }

  /** For one reader. What ends the run early is thrown after the last result; leaving the loop cancels the run. */
  [Symbol.asyncIterator](): AsyncIterator<Result<O>> {
    if (this.#iterated) throw new DispatchError("UNSUPPORTED", "a run is iterated once");
    this.#run.claim();
    this.#iterated = true;
    return {
      next: () => {
        const ready = this.#run.nextNow();
        if (ready !== undefined) return Promise.resolve({ done: false, value: ready });
        return this.#run
          .next()
          .then((value) => (value === undefined ? { done: true, value: undefined } : { done: false, value }));
      },
      return: async () => {
        this.#run.cancel();
        this.#run.drop();
        return { done: true, value: undefined };
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#run.cancel();
    await this.#run.over;
  }
}
