import type { EndCode, Outcome, Result, ResultEntry } from "../contract/index.ts";
import { Books } from "./books.ts";
import type { Dispatched } from "./dispatched.ts";
import type { KeptFrame } from "./kept-frame.ts";
import type { Results } from "./results.ts";
import type { RunPort } from "./run-port.ts";
import type { Window } from "./window.ts";

/** Gives each task of a run its one outcome: into the books, to the observer, and to whoever reads the results. */
export class Outcomes<O> {
  readonly books = new Books();
  readonly #port: RunPort<never>;
  readonly #window: Window;
  readonly #results: Results<O>;
  readonly #dispatched: Dispatched;
  readonly #run: { maybeEnd(): void };

  /** `run` is asked after each of them, since it may be the last. */
  constructor(
    port: RunPort<never>,
    window: Window,
    results: Results<O>,
    dispatched: Dispatched,
    run: { maybeEnd(): void },
  ) {
    this.#port = port;
    this.#window = window;
    this.#results = results;
    this.#dispatched = dispatched;
    this.#run = run;
  }

  /** A worker's result. Answers the frame of the task that it ended, if it did. */
  accept(entry: ResultEntry): KeptFrame | undefined {
    const kept = this.#take(entry.index);
    if (kept === undefined) {
      this.#late(entry);
      return undefined;
    }
    if (entry.attempts > 0) this.#port.ran(entry.durationMs);
    this.#end(entry, kept, true);
    return kept;
  }

  /** As `accept`, of a result that has nothing to say but its value. Undefined where its task has its outcome already. */
  acceptPlain(index: number, durationMs: number, value: unknown): KeptFrame | undefined {
    const kept = this.#take(index);
    if (kept === undefined) return undefined;
    this.#port.ran(durationMs);
    this.books.completed += 1;
    const { idPrefix, observer, queue, task } = this.#port;
    const id = `${idPrefix}${index}`;
    const trace = kept.isTraced ? this.#window.takeTrace(index) : undefined;
    const ref = this.#window.takeRef(index);
    this.#deliver(
      ref === undefined
        ? { index, id, outcome: "completed", value: value as O, attempts: 1, lost: 0, durationMs }
        : { index, id, ref, outcome: "completed", value: value as O, attempts: 1, lost: 0, durationMs },
    );
    observer?.({
      event: "task_ended",
      queue,
      task,
      taskId: id,
      attempt: 1,
      outcome: "completed",
      code: undefined,
      durationMs,
      lost: 0,
      sent: true,
      ageMs: this.#dispatched.time.now() - kept.madeAt,
      trace,
    });
    this.#run.maybeEnd();
    return kept;
  }

  /** An end that no worker has written, of a task that is outstanding or never came so far. */
  endHere(index: number, outcome: Outcome, code: EndCode, message: string): void {
    const error = { name: "DispatchError", message, code };
    const kept = this.#window.delete(index);
    const none = { attempts: 0, copy: 0, lost: 0, durationMs: 0 };
    this.#end(
      { run: this.#port.id, index, outcome, error, round: kept?.round ?? 0, ...none },
      kept,
      kept?.isTold === true,
    );
  }

  /** Takes a task out of the window. That it was sent is said while it is there: who hears that may end it. */
  #take(index: number): KeptFrame | undefined {
    const kept = this.#window.get(index);
    if (kept?.isTold === false) this.#dispatched.tell(kept, index);
    return this.#window.delete(index);
  }

  #late(entry: ResultEntry): void {
    const fenced = this.books.late(entry) === "fenced";
    const { observer, queue, id } = this.#port;
    const { index, outcome } = entry;
    observer?.({ event: "result_duplicate", queue, taskId: `${id}/${index}`, outcome, fenced });
  }

  #end(entry: ResultEntry, kept: KeptFrame | undefined, sent: boolean): void {
    const { index, outcome, error, attempts, lost, durationMs } = entry;
    const { idPrefix, observer, queue, task } = this.#port;
    const id = `${idPrefix}${index}`;
    this.books.accept(entry);
    const ageMs = observer !== undefined && sent && kept !== undefined ? this.#dispatched.time.now() - kept.madeAt : 0;
    const trace = kept?.isTraced === false && kept.count > 0 ? undefined : this.#window.takeTrace(index);
    const known = this.#window.takeRef(index);
    const ref = known === undefined ? {} : { ref: known };
    const end = outcome === "completed" ? { value: entry.value as O } : { error: error as NonNullable<typeof error> };
    this.#deliver({ index, id, ...ref, outcome, ...end, attempts, lost, durationMs });
    observer?.({
      event: "task_ended",
      queue,
      task,
      taskId: id,
      attempt: attempts,
      outcome,
      code: error?.code,
      durationMs,
      lost,
      sent,
      ageMs,
      trace,
    });
    this.#run.maybeEnd();
  }

  /** Before anybody is told: who hears of it may end the run, and then nothing more is taken. */
  #deliver(result: Result<O>): void {
    if (this.#results.push(result)) this.#window.unread();
    else this.#window.wake();
  }
}
