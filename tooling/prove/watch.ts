/** Sees what happens in a cell: what the coordinator and the workers say, and the results of the runs. */
import type { DispatchEvent, Result } from "../../packages/core/dist/contract.js";
import { Hands } from "./hands.ts";
import { Moments } from "./moments.ts";
import { type Done, Tally } from "./tally.ts";

/** Every so many tasks one is a run's: which, `first` says. */
interface Share {
  readonly first: number;
  readonly of: number;
}

export class Watch {
  readonly tally: Tally;
  readonly hands: Hands;
  /** A task has completed that a worker began after somebody asked for this: what was on its way before shows nothing. */
  readonly resumptions = new Moments();
  /** A call of a worker to its broker has failed. */
  readonly failures = new Moments();
  /** When the last result came. */
  lastAtMs = performance.now();
  #begunSince = new Set<number>();
  readonly #shares = new Map<string, Share>();

  constructor(tasks: number) {
    this.tally = new Tally(tasks);
    this.hands = new Hands(tasks);
  }

  /** The run of this id has every `of`-th task from `first` on. */
  share(run: string, share: Share): void {
    this.#shares.set(run, share);
  }

  result(run: string, result: Result<Done>): void {
    this.lastAtMs = performance.now();
    const n = this.#number(run, result.index);
    this.tally.result(n, result);
    if (result.outcome === "completed" && this.#begunSince.has(n)) this.resumptions.happened(this.lastAtMs);
  }

  coordinator(event: DispatchEvent): void {
    if (event.event === "queue_dispatched" && !event.duplicate) this.tally.acknowledge(this.#numberOf(event.taskId));
  }

  worker(worker: string, event: DispatchEvent): void {
    switch (event.event) {
      case "task_started":
        this.#started(worker, this.#numberOf(event.taskId));
        break;
      case "queue_completed":
      case "queue_requeued":
      case "task_dead":
      case "task_expired":
      case "task_cancelled":
      case "lease_lost":
        this.hands.ended(worker, this.#numberOf(event.taskId));
        break;
      case "call":
        if (event.code !== undefined) this.failures.happened(performance.now());
    }
  }

  #started(worker: string, n: number): void {
    this.hands.started(worker, n, performance.now(), this.tally.isCompleted(n));
    if (this.resumptions.isAwaited) this.#begunSince.add(n);
    else if (this.#begunSince.size > 0) this.#begunSince = new Set();
  }

  #numberOf(taskId: string): number {
    const at = taskId.lastIndexOf("/");
    return this.#number(taskId.slice(0, at), Number(taskId.slice(at + 1)));
  }

  /** -1 where there is no such task. */
  #number(run: string, index: number): number {
    const share = this.#shares.get(run);
    return share === undefined ? -1 : share.first + index * share.of;
  }
}
