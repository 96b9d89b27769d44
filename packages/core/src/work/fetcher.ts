import { type Backoff, backoffMs, type Random } from "../backoff.ts";
import type { Calls } from "../call.ts";
import type { Clock, Delivery, Queue } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { pause } from "../pause.ts";

export interface FetcherPort {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly random: Random;
  readonly queue: Queue;
  readonly leaseMs: number;
  /** How many frames may come now, `pending` being here and not taken in yet; below 1: wait for `wake`. */
  credit(pending: number): number;
  /** May a receive wait for a frame, or does it take only what is there? */
  stands(): boolean;
  /** Is it known how long a round trip takes? */
  isMeasured(): boolean;
  /** A receive ended, and brought so many; a failed one brought none. */
  answered(brought: number): void;
  /** `requestedAt`: when the receive was asked for. `full`: it brought all that was wanted, most likely without waiting. */
  granted(deliveries: readonly Delivery[], requestedAt: number, full: boolean): Promise<void>;
}

/** Between receives that fail; the broker is back sooner or later, and nobody should have to wait long for that to be noticed. */
const FAILED: Backoff = { baseMs: 100, maxMs: 2_000 };

/** A long poll: what it brings after more than a third of a lease has to be renewed first. */
const POLL_MS = 20_000;

/** A receive under way. */
interface Asked {
  readonly max: number;
  readonly stands: boolean;
  readonly requestedAt: number;
  readonly answer: Promise<readonly Delivery[]>;
}

/**
 * One standing receive on one queue: asks for what there is room for, hands it on, asks again. Where all came that was wanted, and there is room for more,
 * it asks before it hands on: else the worker would have nothing to do while the next answer is on its way.
 */
export class Fetcher {
  readonly #port: FetcherPort;
  #wake: (() => void) | undefined;
  /** Did the last receive stand for one frame, and bring it? */
  #stoodForOne = false;

  constructor(port: FetcherPort) {
    this.#port = port;
  }

  /** There may be room again. */
  wake(): void {
    const wake = this.#wake;
    if (wake === undefined) return;
    this.#wake = undefined;
    wake();
  }

  /** Asks no more once `signal` has fired; `callBack` (default: the same) ends the receive that is under way, too. */
  async run(signal: AbortSignal, callBack: AbortSignal = signal): Promise<void> {
    signal.addEventListener("abort", () => this.wake(), { once: true });
    let ahead: Asked | undefined;
    for (let failures = 0; !signal.aborted || ahead !== undefined; ) {
      const asked = ahead ?? this.#ask(0, callBack);
      ahead = undefined;
      if (asked === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      try {
        const deliveries = await asked.answer;
        failures = 0;
        this.#port.answered(deliveries.length);
        // One frame for which a receive stood says nothing of how long a round trip takes.
        const all = deliveries.length >= asked.max;
        const full = all && (asked.max > 1 || !asked.stands);
        this.#stoodForOne = all && !full;
        if (full && !signal.aborted) ahead = this.#ask(deliveries.length, callBack);
        if (deliveries.length > 0) await this.#port.granted(deliveries, asked.requestedAt, full);
      } catch (error) {
        if (!(error instanceof DispatchError)) throw error;
        this.#port.answered(0);
        await pause(this.#port.clock, backoffMs(FAILED, failures, this.#port.random), signal);
        failures += 1;
      }
    }
  }

  /** Undefined where there is no room. */
  #ask(pending: number, callBack: AbortSignal): Asked | undefined {
    const { calls, clock, queue, leaseMs } = this.#port;
    const max = this.#port.credit(pending);
    if (max < 1) return undefined;
    // Where there is room for one frame at a time, all receives could stand for one: the next takes what is there, and says how far away the broker is.
    const stands = this.#port.stands() && (!this.#stoodForOne || this.#port.isMeasured());
    const { pollMs } = calls.backend.profile;
    // Behind a poll that cannot be called back there is no second one: a stop waits for one of them.
    const standMs = Math.min(pollMs > 0 ? pollMs : POLL_MS, POLL_MS, Math.floor(leaseMs / 3));
    const waitMs = stands ? standMs : 0;
    const requestedAt = clock.now();
    const answer = calls.receive(queue, { max, waitMs, leaseMs }, callBack);
    // Who awaits it may come later.
    answer.catch(() => {});
    return { max, stands, requestedAt, answer };
  }
}
