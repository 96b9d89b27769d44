/** Who asks again within this time is told what was said then: a look costs a broker requests, and some brokers bill them. */
const FRESH_MS = 1_000;
/** An answer does not wait for longer; what comes later is there for the next one. */
const WAIT_MS = 3_000;

/** Asks a broker before an answer is given, one question at a time. What fails is told by the events of the calls. */
export class Looker {
  readonly #ask: (() => Promise<unknown>) | undefined;
  #asking: Promise<void> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(ask: (() => Promise<unknown>) | undefined) {
    this.#ask = ask;
  }

  async look(): Promise<void> {
    if (this.#ask === undefined) return;
    if (this.#asking === undefined && performance.now() - this.#askedAt < FRESH_MS) return;
    this.#asking ??= this.#begin(this.#ask);
    await this.idle();
  }

  /** Resolves when nothing is asked, or what is asked takes too long: what never ends must not keep a server open. */
  async idle(): Promise<void> {
    if (this.#asking === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, WAIT_MS);
    });
    await Promise.race([this.#asking, waited]);
    clearTimeout(timer);
  }

  async #begin(ask: () => Promise<unknown>): Promise<void> {
    this.#askedAt = performance.now();
    try {
      await ask();
    } catch {
      // Observers know: each call that fails is an event.
    } finally {
      this.#asking = undefined;
    }
  }
}
