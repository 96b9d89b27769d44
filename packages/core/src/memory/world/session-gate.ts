import type { Clock, Timer } from "../../contract/index.ts";

/** Whether a session's process runs, is stopped as by SIGSTOP, or is dead: what happens to it waits, or never happens. */
export class SessionGate {
  #state: "alive" | "frozen" | "dead" = "alive";
  #held: (() => void)[] = [];

  get isAlive(): boolean {
    return this.#state === "alive";
  }

  get isDead(): boolean {
    return this.#state === "dead";
  }

  /** Runs now, after the thaw, or never. */
  happen(run: () => void): void {
    if (this.#state === "alive") run();
    else if (this.#state === "frozen") this.#held.push(run);
  }

  freeze(): void {
    if (this.#state === "alive") this.#state = "frozen";
  }

  /** What was held up happens in its order. */
  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "alive";
    for (const run of this.#held.splice(0)) this.happen(run);
  }

  kill(): void {
    this.#state = "dead";
    this.#held = [];
  }

  /** Resolves when the process runs. A call of one that does not is given up when its signal fires: then it rejects with the signal's reason. */
  awake(signal: AbortSignal): Promise<void> {
    if (this.#state === "alive") return Promise.resolve();
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(signal.reason);
      if (signal.aborted) return giveUp();
      signal.addEventListener("abort", giveUp, { once: true });
      this.happen(() => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      });
    });
  }

  /** A clock whose timers fire only while the process runs. */
  clock(inner: Clock): Clock {
    return {
      now: () => inner.now(),
      wall: () => inner.wall(),
      soon: (run) => inner.soon(() => this.happen(run)),
      after: (ms, run, background): Timer => {
        let isCancelled = false;
        const timer = inner.after(ms, () => this.happen(() => isCancelled || run()), background);
        return {
          cancel() {
            isCancelled = true;
            timer.cancel();
          },
        };
      },
    };
  }
}
