import type { ResultEntry, Summary } from "../contract/index.ts";

/** So many accepted outcomes that were not the plainest are remembered, to tell a stale result from a repeated one. */
const REMEMBERED = 10_000;

/** What is counted over a run. */
export class Books {
  completed = 0;
  dead = 0;
  expired = 0;
  cancelled = 0;
  retried = 0;
  lost = 0;
  fenced = 0;
  duplicates = 0;
  resent = 0;
  readonly #accepted = new Map<number, string>();

  get total(): number {
    return this.completed + this.dead + this.expired + this.cancelled;
  }

  accept(entry: ResultEntry): void {
    this[entry.outcome] += 1;
    this.retried += Math.max(0, entry.attempts - 1);
    this.lost += entry.lost;
    const line = lineOf(entry);
    if (line === PLAIN) return;
    this.#accepted.set(entry.index, line);
    if (this.#accepted.size > REMEMBERED)
      for (const oldest of this.#accepted.keys()) return void this.#accepted.delete(oldest);
  }

  /** A result for a task that has its outcome: of another line than the accepted one it counts as fenced, else as a duplicate. */
  late(entry: ResultEntry): "fenced" | "duplicate" {
    const fenced = lineOf(entry) !== (this.#accepted.get(entry.index) ?? PLAIN);
    if (fenced) this.fenced += 1;
    else this.duplicates += 1;
    return fenced ? "fenced" : "duplicate";
  }

  summary(run: string, durationMs: number, orphans: number): Summary {
    const { total, completed, dead, expired, cancelled, retried, lost, fenced, duplicates, resent } = this;
    // What was cancelled or has expired was not worked on.
    const worked = completed + dead;
    const tasksPerSecond = durationMs > 0 ? Math.round((worked / durationMs) * 1_000_000) / 1_000 : 0;
    return {
      run,
      total,
      completed,
      dead,
      expired,
      cancelled,
      durationMs,
      tasksPerSecond,
      retried,
      lost,
      fenced,
      duplicates,
      resent,
      orphans,
    };
  }
}

const PLAIN = "0.1~0+0";

function lineOf({ round, attempts, copy, lost }: ResultEntry): string {
  return round === 0 && attempts === 1 && copy === 0 && lost === 0 ? PLAIN : `${round}.${attempts}~${copy}+${lost}`;
}
