import type { Outcome } from "@org/dispatch-core/contract";
import { Buckets, TASK_BOUNDS } from "./buckets.ts";
import { reasonOf } from "./label-names.ts";
import { Tally } from "./tally.ts";

/** Between an outcome and its reason in a tally's words: no code has it. */
const BETWEEN = " ";

/** How tasks ended: how many by outcome and reason. Nearly all complete, so these are counted apart. */
export class Ends {
  #completed = 0;
  readonly #others = new Tally();

  add(outcome: Outcome, code: string | undefined): void {
    if (outcome === "completed") this.#completed += 1;
    else this.#others.add(`${outcome}${BETWEEN}${reasonOf(code)}`);
  }

  get completed(): number {
    return this.#completed;
  }

  *entries(): Generator<readonly [outcome: string, reason: string, count: number]> {
    if (this.#completed > 0) yield ["completed", "", this.#completed];
    for (const [word, count] of this.#others.entries()) {
      const [outcome = "", reason = ""] = word.split(BETWEEN);
      yield [outcome, reason, count];
    }
  }
}

/** Durations by outcome. */
class Durations {
  readonly completed = new Buckets(TASK_BOUNDS);
  readonly #others = new Map<Outcome, Buckets>();

  observe(outcome: Outcome, durationMs: number): void {
    if (outcome === "completed") this.completed.observe(durationMs / 1_000);
    else this.#of(outcome).observe(durationMs / 1_000);
  }

  *entries(): Generator<readonly [outcome: string, buckets: Buckets]> {
    if (this.completed.count > 0) yield ["completed", this.completed];
    yield* this.#others;
  }

  #of(outcome: Outcome): Buckets {
    let buckets = this.#others.get(outcome);
    if (buckets === undefined) {
      buckets = new Buckets(TASK_BOUNDS);
      this.#others.set(outcome, buckets);
    }
    return buckets;
  }
}

/** What has happened to the tasks of one name in one queue. The first part is a coordinator's, the second a worker's. */
export class TaskBooks {
  dispatched = 0;
  /** Of these, those for whose outcome nobody waits. */
  unawaited = 0;
  /** In how many frames they were sent: a task of a pack is a part of one. */
  dispatchedFrames = 0;
  readonly ended = new Ends();
  readonly unsent = new Ends();
  retried = 0;
  lost = 0;
  readonly endToEnd = new Durations();
  /** Ms and number of the handlers' runs of which a coordinator was told. */
  ranMs = 0;
  ran = 0;

  started = 0;
  readonly settled = new Ends();
  readonly requeued = new Tally();
  readonly failed = new Tally();
  timedOut = 0;
  readonly leasesLost = new Tally();
  readonly abandoned = new Tally();
  readonly undeliverable = new Tally();
  readonly wait = new Buckets(TASK_BOUNDS);
  readonly process = new Durations();
}
