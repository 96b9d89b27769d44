import { performance } from "node:perf_hooks";
import type { Clock, Timer } from "./contract/index.ts";

const MAX_TIMEOUT_MS = 2_147_483_647;

/** Taken once: a jump of the machine's clock must not change anything in a process that runs. */
const STARTED_AT = Date.now() - performance.now();

/** The machine's clock. `wall` is the time when the process started plus the monotonic time since. */
export function systemClock(): Clock {
  return {
    now: () => performance.now(),
    wall: () => STARTED_AT + performance.now(),
    after: (ms, run, background = false) => new SystemTimer(ms, run, background),
    soon: (run) => void setImmediate(run),
  };
}

/** A class, which lets go of what it was to run: V8 makes literals that live for a while in the old part of the heap, and one there kept all of a task that had ended. */
class SystemTimer implements Timer {
  readonly #dueAt: number;
  readonly #background: boolean;
  #run: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, run: () => void, background: boolean) {
    this.#dueAt = performance.now() + ms;
    this.#run = run;
    this.#background = background;
    this.#arm(ms);
  }

  cancel(): void {
    this.#run = undefined;
    clearTimeout(this.#timer);
  }

  /** A delay above 24.8 days makes Node fire at once, so it is waited for in parts; and Node counts in whole ms, so that it may be early by almost one. */
  #arm(leftMs: number): void {
    this.#timer = setTimeout(() => this.#fire(), Math.min(Math.max(0, leftMs), MAX_TIMEOUT_MS));
    if (this.#background) this.#timer.unref();
  }

  #fire(): void {
    const leftMs = this.#dueAt - performance.now();
    if (leftMs > 0) {
      this.#arm(leftMs);
      return;
    }
    const run = this.#run;
    this.#run = undefined;
    run?.();
  }
}

interface Entry {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/**
 * A clock for tests: time stands still until `advance`. Timers fire in the order of their times, and between two of them everything that waits on
 * promises or on `soon` is run to its end, so that a test over days takes milliseconds and is the same each time.
 */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  #soon = 0;
  #timers: Entry[] = [];
  readonly #epoch: number;

  constructor(options: { readonly wallMs?: number } = {}) {
    this.#epoch = options.wallMs ?? 1_700_000_000_000;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#epoch + this.#now;
  }

  after(ms: number, run: () => void): Timer {
    const entry: Entry = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle] as Entry).at <= entry.at) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, entry);
    return {
      cancel: () => {
        entry.run = undefined;
      },
    };
  }

  soon(run: () => void): void {
    this.#soon += 1;
    setImmediate(() => {
      this.#soon -= 1;
      run();
    });
  }

  /** Lets everything run that needs no time. */
  async settle(): Promise<void> {
    do await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#soon > 0);
  }

  /** Moves time on by `ms`, firing what falls due. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.at);
      next.run?.();
      await this.settle();
    }
    this.#now = end;
  }

  /** Moves time on, timer by timer, until `done` or for at most `limitMs`; answers whether it was done. */
  async advanceUntil(done: () => boolean, limitMs = 86_400_000): Promise<boolean> {
    const end = this.#now + limitMs;
    await this.settle();
    while (!done()) {
      const next = this.#next(end);
      if (next === undefined) return false;
      this.#now = Math.max(this.#now, next.at);
      next.run?.();
      await this.settle();
    }
    return true;
  }

  #next(end: number): Entry | undefined {
    for (;;) {
      const first = this.#timers[0];
      if (first === undefined || first.at > end) return undefined;
      this.#timers.shift();
      if (first.run !== undefined) return first;
    }
  }
}
