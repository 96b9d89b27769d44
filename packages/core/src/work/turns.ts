import type { Clock } from "../contract/index.ts";

/** The handlers that begin within one turn of the event loop. */
interface Turn {
  readonly begunAt: number;
  begun: number;
}

/**
 * How long handlers take of which thousands begin and end within one turn of the event loop: from its begin to its end each of them also waits for all
 * the others, and no-ops would seem to take 10 ms. So the turn's time is shared among them; but what a handler does before it first waits is its own.
 */
export class Turns {
  readonly #clock: Pick<Clock, "soon">;
  #current: Turn | undefined;

  constructor(clock: Pick<Clock, "soon">) {
    this.#clock = clock;
  }

  /** A handler begins now. */
  begin(now: number): Turn {
    if (this.#current === undefined) {
      this.#current = { begunAt: now, begun: 0 };
      this.#clock.soon(() => {
        this.#current = undefined;
      });
    }
    this.#current.begun += 1;
    return this.#current;
  }

  /** How long a handler took that began in `turn`, at `startedAt`, had returned (a promise, say) at `returnedAt`, and ends now. */
  tookMs(turn: Turn, startedAt: number, returnedAt: number, now: number): number {
    if (turn !== this.#current) return now - startedAt;
    return Math.max(returnedAt - startedAt, (now - turn.begunAt) / turn.begun);
  }
}
