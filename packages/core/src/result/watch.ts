import type { Beat } from "../contract/index.ts";

interface Watched {
  lastAt: number;
  held: number;
}

/** The workers that have tasks of this coordinator in hand, as far as their beats say. */
export class Watch {
  readonly #timeoutMs: number;
  readonly #workers = new Map<string, Watched>();
  /** When each worker was heard of last, whatever it said. */
  readonly #heard = new Map<string, number>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get active(): number {
    return this.#workers.size;
  }

  /** How many workers have said anything within the time after which one counts as gone. */
  sharing(now: number): number {
    for (const [worker, at] of this.#heard) if (now - at >= this.#timeoutMs) this.#heard.delete(worker);
    return this.#heard.size;
  }

  /** A worker that has nothing in hand is not watched any more. */
  beat(beat: Beat, now: number): void {
    this.#heard.set(beat.worker, now);
    const known = this.#workers.get(beat.worker);
    if (beat.held === undefined) {
      if (known !== undefined) known.lastAt = now;
    } else if (beat.held.length === 0) this.#workers.delete(beat.worker);
    else this.#workers.set(beat.worker, { lastAt: now, held: beat.held.length });
  }

  /** A result is a sign of life, too. */
  alive(worker: string, now: number): void {
    this.#heard.set(worker, now);
    const known = this.#workers.get(worker);
    if (known !== undefined) known.lastAt = now;
  }

  /** Those that have been silent for too long; each is told once. */
  silent(now: number): { readonly workerId: string; readonly silentMs: number; readonly held: number }[] {
    const gone = [];
    for (const [workerId, { lastAt, held }] of this.#workers) {
      if (now - lastAt < this.#timeoutMs) continue;
      this.#workers.delete(workerId);
      gone.push({ workerId, silentMs: now - lastAt, held });
    }
    return gone;
  }
}
