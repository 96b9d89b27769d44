/** Lets the fault of a cell strike at its times, and keeps what each strike has shown. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Gate } from "./gate.ts";
import { type Scene, strikes } from "./strikes.ts";

export interface StrikerOptions extends Pick<Scene, "crew" | "watch" | "plan" | "leaseMs" | "restart"> {
  readonly gate: Gate;
  /** The cell ends. */
  readonly signal: AbortSignal;
}

const LOOK_MS = 10;
/** So soon something has come in. */
const WORK_MS = 5_000;

export class Striker {
  /** Strikes so far, and those of them that found tasks under way. */
  strikes = 0;
  strikesAtWork = 0;
  zombieRounds = 0;
  /** How long after the end of a strike something completed that was begun after it, in ms. */
  readonly resumed: number[] = [];
  readonly noticed: number[] = [];
  /** When the last strike began or ended. */
  lastAtMs = performance.now();
  readonly #options: StrikerOptions;
  readonly #over: Promise<never>;

  constructor(options: StrikerOptions) {
    this.#options = options;
    this.#over = new Promise((_, reject) => {
      const end = () => reject(new Error("the cell ended before its faults did"));
      if (options.signal.aborted) end();
      else options.signal.addEventListener("abort", end, { once: true });
    });
    this.#over.catch(() => {});
  }

  /** `isAtWork`: is anything under way? Throws where the cell ends before, and what a strike throws. */
  async strikeAll(isAtWork: () => boolean): Promise<void> {
    const { watch, gate, plan } = this.#options;
    for (let strike = 0; strike < plan.strikes; strike += 1) {
      await this.#until(() => watch.tally.ended >= gate.strikesAt(strike), Number.POSITIVE_INFINITY);
      gate.begin(strike);
      // Results may come in bursts, after which nothing is under way: then what trickles in is waited for.
      if (await this.#until(isAtWork, WORK_MS)) this.strikesAtWork += 1;
      await this.#strike(strike);
    }
    gate.close();
  }

  async #strike(strike: number): Promise<void> {
    const { gate, plan, signal: _, ...scene } = this.#options;
    this.lastAtMs = performance.now();
    const during = <T>(promise: Promise<T>) => this.#during(promise);
    const until = (condition: () => boolean, withinMs: number) => this.#until(condition, withinMs);
    try {
      const struck = await strikes[plan.fault]({ ...scene, plan, during, until });
      const endedAtMs = performance.now();
      this.lastAtMs = endedAtMs;
      this.strikes += 1;
      this.zombieRounds += struck.zombieRounds ?? 0;
      if (struck.noticedMs !== undefined) this.noticed.push(struck.noticedMs);
      // What trickles in shows that it goes on, where the strikes have to keep their distance.
      if (plan.gapMs === 0) gate.end(strike);
      if (struck.isHeldUp) this.resumed.push((await during(scene.watch.resumptions.next())) - endedAtMs);
      await until(() => performance.now() - endedAtMs >= plan.gapMs, Number.POSITIVE_INFINITY);
    } finally {
      gate.end(strike);
    }
  }

  #during<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#over]);
  }

  async #until(condition: () => boolean, withinMs: number): Promise<boolean> {
    const end = performance.now() + withinMs;
    while (!condition()) {
      if (performance.now() > end) return false;
      await this.#during(sleep(LOOK_MS));
    }
    return true;
  }
}
