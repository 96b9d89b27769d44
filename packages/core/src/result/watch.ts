import type { Beat } from "../contract/index.ts";

interface Heard {
  readonly at: number;
  readonly hasNothing: boolean;
  /** How many times as long as others it may be silent. */
  readonly patience: number;
}

interface Watched {
  lastAt: number;
  held: number;
  patience: number;
}

/** The workers that have tasks of this coordinator in hand, as far as their beats say. */
export class Watch {
  readonly #timeoutMs: number;
  readonly #workers = new Map<string, Watched>();
  /** When each worker was heard of last, and whether that was that it has nothing in hand. */
  readonly #heard = new Map<string, Heard>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** How many workers are at it: who brings one result after the other may have nothing in hand whenever it beats. */
  active(now: number): number {
    this.#forget(now);
    let active = 0;
    for (const { hasNothing } of this.#heard.values()) if (!hasNothing) active += 1;
    return active;
  }

  /** How many workers have said anything within the time after which one counts as gone. */
  sharing(now: number): number {
    this.#forget(now);
    return this.#heard.size;
  }

  /** A worker that has nothing in hand is not watched any more. `patience`: from 1 on; one with a longer lease says something less often. */
  beat(beat: Beat, now: number, patience = 1): void {
    this.#heard.set(beat.worker, { at: now, hasNothing: beat.held?.length === 0, patience });
    const known = this.#workers.get(beat.worker);
    if (beat.held === undefined) {
      if (known !== undefined) known.lastAt = now;
    } else if (beat.held.length === 0) this.#workers.delete(beat.worker);
    else this.#workers.set(beat.worker, { lastAt: now, held: beat.held.length, patience });
  }

  /** A result is a sign of life, too. */
  alive(worker: string, now: number): void {
    this.#heard.set(worker, { at: now, hasNothing: false, patience: this.#heard.get(worker)?.patience ?? 1 });
    const known = this.#workers.get(worker);
    if (known !== undefined) known.lastAt = now;
  }

  /** Those that have been silent for too long; each is told once. Asked for with every look: workers come and go as long as a dispatcher lives. */
  silent(now: number): { readonly workerId: string; readonly silentMs: number; readonly held: number }[] {
    this.#forget(now);
    const gone = [];
    for (const [workerId, { lastAt, held, patience }] of this.#workers) {
      if (now - lastAt < this.#timeoutMs * patience) continue;
      this.#workers.delete(workerId);
      gone.push({ workerId, silentMs: now - lastAt, held });
    }
    return gone;
  }

  #forget(now: number): void {
    for (const [worker, { at, patience }] of this.#heard)
      if (now - at >= this.#timeoutMs * patience) this.#heard.delete(worker);
  }
}
