import type { Clock, Timer } from "../../contract/index.ts";

export interface PollPort {
  readonly clock: Clock;
  /** The longest that one poll may last. */
  readonly pollMs: number;
  /** From now until then the broker may bring so many frames. */
  ask(frames: number, untilMs: number): void;
  /** The poll is over: the broker brings nothing more. */
  over(): void;
}

/**
 * Long polls that cannot be called back, one after another as long as somebody wants frames. Each brings one batch, or nothing by its end. Who no longer
 * wants anything only prevents the next one.
 */
export class Poll {
  readonly #port: PollPort;
  #wanted = 0;
  #wantedUntilMs = 0;
  #timer: Timer | undefined;
  #idle: (() => void)[] = [];

  constructor(port: PollPort) {
    this.#port = port;
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  /** So many frames are wanted in the next `waitMs`; 0: none. */
  want(frames: number, waitMs: number): void {
    const { clock, pollMs } = this.#port;
    const nowMs = clock.now();
    this.#wanted = frames;
    this.#wantedUntilMs = nowMs + waitMs;
    if (frames === 0) return;
    const lastsMs = Math.min(waitMs, pollMs);
    if (this.#timer === undefined && lastsMs > 0) {
      this.#timer = clock.after(Math.ceil(lastsMs), () => {
        this.#end();
        this.#next();
      });
      this.#port.ask(frames, nowMs + lastsMs);
    } else {
      // A short poll; one that is under way goes on beside it.
      this.#port.ask(frames, nowMs + lastsMs);
      if (this.#timer === undefined) this.#port.over();
    }
  }

  /** The broker has answered with so many frames; `take` hands them on. */
  brought(frames: number, take: () => void): void {
    this.#end();
    this.#wanted = Math.max(0, this.#wanted - frames);
    take();
    this.#next();
  }

  /** Resolves when no poll is under way. */
  idle(): Promise<void> {
    return this.isRunning ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  #end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#port.over();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #next(): void {
    const leftMs = this.#wantedUntilMs - this.#port.clock.now();
    if (this.#timer === undefined && this.#wanted > 0 && leftMs > 0) this.want(this.#wanted, leftMs);
  }
}
