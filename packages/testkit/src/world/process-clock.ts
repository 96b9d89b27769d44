import type { Clock, Timer } from "@org/dispatch-core/contract";

/**
 * The clock of one process of a case. Time goes on while the process is frozen, but nothing of it happens until it is thawed, as under SIGSTOP; once it
 * is dead, nothing ever does.
 */
export class ProcessClock implements Clock {
  readonly #world: Clock;
  #state: "alive" | "frozen" | "dead" = "alive";
  #held: (() => void)[] = [];
  readonly #timers = new Set<Timer>();
  readonly #shiftMs: number;

  /** `shiftMs`: how far its wall clock is off the world's, which it took when it started. */
  constructor(world: Clock, shiftMs = 0) {
    this.#world = world;
    this.#shiftMs = shiftMs;
  }

  get state(): "alive" | "frozen" | "dead" {
    return this.#state;
  }

  now(): number {
    return this.#world.now();
  }

  wall(): number {
    return this.#world.wall() + this.#shiftMs;
  }

  after(ms: number, run: () => void, background = false): Timer {
    let cancelled = false;
    const timer = this.#world.after(
      ms,
      () => {
        this.#timers.delete(timer);
        this.#happen(() => cancelled || run());
      },
      background,
    );
    this.#timers.add(timer);
    return {
      cancel: () => {
        cancelled = true;
        this.#timers.delete(timer);
        timer.cancel();
      },
    };
  }

  soon(run: () => void): void {
    this.#world.soon(() => this.#happen(run));
  }

  freeze(): void {
    if (this.#state === "alive") this.#state = "frozen";
  }

  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "alive";
    for (const run of this.#held.splice(0)) this.#world.soon(() => this.#happen(run));
  }

  kill(): void {
    this.#state = "dead";
    this.#held = [];
    // They would do nothing, but keep this process from ending.
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  /** Resolves at once while the process is alive, after the thaw while it is frozen, never when it is dead. */
  awake(): Promise<void> {
    return this.#state === "alive" ? Promise.resolve() : new Promise((resolve) => this.#happen(resolve));
  }

  #happen(run: () => void): void {
    if (this.#state === "alive") run();
    else if (this.#state === "frozen") this.#held.push(run);
  }
}
