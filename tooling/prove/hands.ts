/** Which worker has begun which tasks, how often each was begun, and when others take over what a worker held that is gone. */

interface Gone {
  readonly sinceMs: number;
  /** What others have begun since. */
  readonly taken: Set<number>;
}

export class Hands {
  /** How often each task was begun, up to 255. */
  readonly #begun: Uint8Array;
  readonly #held = new Map<string, Set<number>>();
  readonly #gone = new Map<string, Gone>();
  readonly #redelivered: number[] = [];

  constructor(tasks: number) {
    this.#begun = new Uint8Array(tasks);
  }

  /** Runs of handlers beyond the first of each task. */
  get duplicateExecutions(): number {
    return this.#begun.reduce((all, times) => all + Math.max(0, times - 1), 0);
  }

  /** How long it took from a worker's end until another one began what it had begun: ms, one for each such task. */
  get redelivered(): readonly number[] {
    return this.#redelivered;
  }

  /** What the worker has begun and not ended. */
  of(worker: string): ReadonlySet<number> {
    return this.#held.get(worker) ?? new Set();
  }

  /** `isDone`: it had its outcome already, and nothing waits for it any more. */
  started(worker: string, n: number, nowMs: number, isDone = false): void {
    this.#begun[n] = Math.min(255, (this.#begun[n] ?? 0) + 1);
    const held = this.#held.get(worker) ?? new Set();
    this.#held.set(worker, held.add(n));
    if (isDone) return;
    for (const [other, { sinceMs, taken }] of this.#gone) {
      if (other === worker || taken.has(n) || !this.of(other).has(n)) continue;
      taken.add(n);
      this.#redelivered.push(nowMs - sinceMs);
    }
  }

  ended(worker: string, n: number): void {
    this.#held.get(worker)?.delete(n);
  }

  /** The worker is dead or stands still from now on. */
  lose(worker: string, nowMs: number): void {
    this.#gone.set(worker, { sinceMs: nowMs, taken: new Set() });
  }

  /** Has another worker begun it since this one is gone? */
  isTaken(worker: string, n: number): boolean {
    return this.#gone.get(worker)?.taken.has(n) === true;
  }

  /** It goes on. */
  back(worker: string): void {
    this.#gone.delete(worker);
  }
}
