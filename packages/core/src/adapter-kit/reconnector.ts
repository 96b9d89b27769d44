import type { Clock, Timer } from "../contract/index.ts";

export interface ReconnectorPort<C> {
  readonly clock: Clock;
  /** One try: connects, declares, subscribes. What it gives is ready to use. */
  connect(signal: AbortSignal): Promise<C>;
  /** A connection is there. `epoch` counts from 1; what came under an earlier one is lost. Called before anybody else gets the connection. */
  opened(connection: C, epoch: number): void;
  /** Wait before the next try, in ms; `failures` from 1. Default: 100 ms, doubled each time, at most 5 s. */
  backoffMs?(failures: number): number;
}

/** Half a progress bound at most: a broker that is back is found within 5 s, whatever the length of its outage. */
const MOST_MS = 5_000;
const FIRST_MS = 100;

/**
 * Keeps one connection alive: when it is lost, connects again, with back-off, for as long as it takes, until `close`. The first connection is the
 * caller's: its failure is thrown, and core decides about a next try. Operations are never repeated here: one without a connection fails at once, with
 * the error of the last try, and is core's to repeat.
 */
export class Reconnector<C> {
  readonly #port: ReconnectorPort<C>;
  readonly #ended = new AbortController();
  #connection: C | undefined;
  #epoch = 0;
  #first: { readonly by: AbortSignal; readonly made: Promise<C> } | undefined;
  #failures = 0;
  #timer: Timer | undefined;
  #reason: unknown;

  constructor(port: ReconnectorPort<C>) {
    this.#port = port;
  }

  /** 0 before the first connection. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The connection of now, if there is one. */
  get current(): C | undefined {
    return this.#connection;
  }

  /** Why there is no connection: what the last try, or the loss, said. */
  get reason(): unknown {
    return this.#reason;
  }

  /**
   * The first connection; concurrent callers share one try. It ends with the signal of who began it, and for the others another one begins. Throws what
   * `connect` throws.
   */
  async start(signal: AbortSignal): Promise<C> {
    if (this.#connection !== undefined) return this.#connection;
    if (this.#epoch > 0) throw this.#reason;
    this.#first ??= {
      by: signal,
      made: this.#try(AbortSignal.any([signal, this.#ended.signal])).finally(() => {
        this.#first = undefined;
      }),
    };
    const { by, made } = this.#first;
    try {
      return await made;
    } catch (error) {
      if (signal.aborted || !by.aborted) throw error;
      return this.start(signal);
    }
  }

  /** The connection of that epoch is over. Older ones are over already. */
  lost(epoch: number, reason: unknown): void {
    if (epoch !== this.#epoch || this.#connection === undefined) return;
    this.#connection = undefined;
    this.#reason = reason;
    this.#again();
  }

  /** Tries no more. Answers the connection that was there, for the caller to close. */
  close(): C | undefined {
    this.#ended.abort();
    this.#timer?.cancel();
    const connection = this.#connection;
    this.#connection = undefined;
    return connection;
  }

  async #try(signal: AbortSignal): Promise<C> {
    const connection = await this.#port.connect(signal);
    this.#failures = 0;
    this.#epoch += 1;
    this.#connection = connection;
    this.#reason = undefined;
    this.#port.opened(connection, this.#epoch);
    return connection;
  }

  #again(): void {
    if (this.#ended.signal.aborted) return;
    this.#failures += 1;
    const waitMs = this.#port.backoffMs?.(this.#failures) ?? reconnectMs(this.#failures);
    this.#timer = this.#port.clock.after(
      waitMs,
      () => {
        this.#try(this.#ended.signal).catch((error: unknown) => {
          this.#reason = error;
          this.#again();
        });
      },
      true,
    );
  }
}

/** 100 ms, doubled each time, at most 5 s; `failures` from 1. */
export function reconnectMs(failures: number): number {
  return Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(30, failures - 1));
}
