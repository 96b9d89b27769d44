import { type Backoff, backoffMs, type Random } from "./backoff.ts";
import type {
  Backend,
  BrowsePage,
  Clock,
  Code,
  Delivery,
  Doubt,
  Move,
  Observer,
  OpenOptions,
  OutFrame,
  Page,
  Queue,
  Receipt,
  Settlement,
  Want,
} from "./contract/index.ts";
import { codes, DispatchError, printed } from "./errors.ts";
import { type Wire, wireOf } from "./wire.ts";

/** How long one try of a verb may take, beyond what it was asked to wait; 10 s is the longest that a half-open socket may go unnoticed. */
const TRY_MS = 10_000;

/** Between two tries of a call: short at first, because most faults are. */
const RETRY: Backoff = { baseMs: 50, maxMs: 5_000 };

export interface CallOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Observer | undefined;
}

/** Until when a call is tried again, and what ends it early. */
export interface Until {
  /** Monotonic; absent: until the signal fires. */
  readonly deadline?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type Sent = "ok" | "duplicate" | "gone" | DispatchError;
export type Held = "ok" | "lost" | DispatchError;
export type Moved = "ok" | { readonly lost: readonly Receipt[] } | { readonly gone: readonly Queue[] } | DispatchError;

/**
 * The one door to a backend. Each verb gets a deadline, is tried again as the table of codes says, and what it throws is classified and wrapped, once,
 * here. Items that failed on their own are tried again on their own.
 */
export class Calls {
  readonly backend: Backend;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #observer: Observer | undefined;
  /** Undefined where frames pass as they are. */
  readonly #wire: Wire | undefined;
  /** The doubts that have been said. */
  readonly #doubts = new Set<string>();

  constructor(options: CallOptions) {
    this.backend = options.backend;
    this.#wire = options.backend.profile.wire === "ascii" ? wireOf(options.backend.profile) : undefined;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#observer = options.observer;
  }

  /** What the backend doubts becomes a `warning` each, once. */
  async open(options: OpenOptions, until: Until): Promise<void> {
    const doubts = await this.#retrying("open", 1, until, (signal) => this.backend.open(options, signal));
    // An adapter without types may answer whatever its client does.
    for (const { code, detail } of Array.isArray(doubts) ? (doubts as readonly Doubt[]) : []) {
      if (this.#doubts.has(detail)) continue;
      this.#doubts.add(detail);
      this.#observer?.({ event: "warning", code, message: `${this.backend.name}: ${detail}` });
    }
  }

  /** One answer a frame. A duplicate of our own earlier try is `"ok"`. Never throws. */
  async send(queue: Queue, plain: readonly OutFrame[], until: Until): Promise<Sent[]> {
    const wire = this.#wire;
    const frames = wire === undefined ? plain : plain.map((frame) => wire.toWire(frame));
    const tried = new Set<OutFrame>();
    const answers = await this.#perItem("send", frames, until, async (batch, signal) => {
      try {
        const outcomes = await this.backend.send(queue, batch, signal);
        const mapped = outcomes.map((outcome, index) =>
          outcome === "duplicate" && tried.has(batch[index] as OutFrame) ? "ok" : outcome,
        );
        outcomes.forEach((outcome, index) => {
          if (typeof outcome === "object") tried.add(batch[index] as OutFrame);
        });
        return mapped;
      } catch (error) {
        for (const frame of batch) tried.add(frame);
        throw error;
      }
    });
    return answers as Sent[];
  }

  /** One try; an abort is not an error. Throws a DispatchError. */
  async receive(queue: Queue, want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    if (signal.aborted) return [];
    const deliveries = await this.#once("receive", want.max, { signal }, want.waitMs + TRY_MS, (bounded) =>
      this.backend.receive(queue, want, bounded),
    );
    const wire = this.#wire;
    if (wire === undefined) return deliveries;
    return deliveries.map((delivery) => ({ ...delivery, bytes: wire.fromWire(delivery.bytes) }));
  }

  async renew(receipts: readonly Receipt[], leaseMs: number, until: Until): Promise<Held[]> {
    return (await this.#perItem("renew", receipts, until, (batch, signal) =>
      this.backend.renew(batch, leaseMs, signal),
    )) as Held[];
  }

  async settle(settlements: readonly Settlement[], until: Until): Promise<Held[]> {
    return (await this.#perItem("settle", settlements, until, (batch, signal) =>
      this.backend.settle(batch, signal),
    )) as Held[];
  }

  /** Only where the profile has the verb. */
  async move(plain: readonly Move[], until: Until): Promise<Moved[]> {
    const wire = this.#wire;
    const moves = wire === undefined ? plain : plain.map((move) => moveOn(wire, move));
    return (await this.#perItem("move", moves, until, (batch, signal) => this.#verb("move")(batch, signal))) as Moved[];
  }

  /** Throws `UNSUPPORTED` where the backend cannot browse. */
  async browse(queue: Queue, page: Page, until: Until): Promise<BrowsePage> {
    const found = await this.ask("browse", until, (backend, signal) => backend.browse(queue, page, signal));
    const wire = this.#wire;
    if (wire === undefined) return found;
    return { ...found, frames: found.frames.map((frame) => ({ ...frame, bytes: wire.fromWire(frame.bytes) })) };
  }

  /** An optional verb without policy of its own: `depth`, `browse`, `purge`, `remove`. Throws `UNSUPPORTED` where the backend has none. */
  async ask<T>(
    verb: "depth" | "browse" | "purge" | "remove",
    until: Until,
    run: (backend: Required<Backend>, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.#verb(verb);
    return this.#retrying(verb, 1, until, (signal) => run(this.backend as Required<Backend>, signal));
  }

  #verb<V extends "move" | "depth" | "browse" | "purge" | "remove">(verb: V): NonNullable<Backend[V]> {
    const found = this.backend[verb];
    if (found === undefined) throw new DispatchError("UNSUPPORTED", `${this.backend.name} has no ${verb}`);
    return found.bind(this.backend) as NonNullable<Backend[V]>;
  }

  /** Runs a verb over items, in batches that the limits allow, until each has an answer or a final error. */
  async #perItem<I, O>(
    verb: string,
    items: readonly I[],
    until: Until,
    run: (batch: readonly I[], signal: AbortSignal) => Promise<readonly (O | { readonly failed: unknown })[]>,
  ): Promise<(O | DispatchError)[]> {
    const answers: (O | DispatchError)[] = new Array(items.length);
    let open = items.map((_, index) => index);
    for (let round = 0; open.length > 0; round += 1) {
      const again: number[] = [];
      let advisedMs = 0;
      for (const places of this.#batches(verb, items, open)) {
        const batch = places.length === items.length ? items : places.map((place) => items[place] as I);
        const results = await this.#once(verb, batch.length, until, TRY_MS, (signal) => run(batch, signal)).catch(
          (error: DispatchError) => error,
        );
        places.forEach((place, index) => {
          const result =
            results instanceof DispatchError ? results : (results[index] as O | { readonly failed: unknown });
          const answer = isFailed(result) ? this.wrap(verb, result.failed) : result;
          answers[place] = answer;
          if (answer instanceof DispatchError && codes[answer.code].again) {
            again.push(place);
            advisedMs = Math.max(advisedMs, this.#advice(answer));
          }
        });
      }
      if (again.length === 0 || !(await this.#pause(round, until, advisedMs))) return answers;
      open = again;
    }
    return answers;
  }

  /** Cuts by count, and for frames by bytes. */
  #batches<I>(verb: string, items: readonly I[], open: readonly number[]): number[][] {
    const { batchFrames, batchBytes } = this.backend.profile.limits;
    if (verb !== "send" && open.length <= batchFrames) return [open as number[]];
    const batches: number[][] = [];
    let batch: number[] = [];
    let bytes = 0;
    for (const place of open) {
      const size = verb === "send" ? (items[place] as OutFrame).bytes.length : 0;
      if (batch.length > 0 && (batch.length >= batchFrames || bytes + size > batchBytes)) {
        batches.push(batch);
        batch = [];
        bytes = 0;
      }
      batch.push(place);
      bytes += size;
    }
    batches.push(batch);
    return batches;
  }

  async #retrying<T>(verb: string, items: number, until: Until, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let round = 0; ; round += 1) {
      try {
        return await this.#once(verb, items, until, TRY_MS, run);
      } catch (error) {
        const wrapped = error as DispatchError;
        if (!codes[wrapped.code].again || !(await this.#pause(round, until, this.#advice(wrapped)))) throw wrapped;
      }
    }
  }

  /** One try, bounded by its own time, the call's deadline and the caller's signal. Throws only DispatchError. */
  async #once<T>(
    verb: string,
    items: number,
    until: Until,
    tryMs: number,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const startedAt = this.#clock.now();
    const boundMs = Math.min(tryMs, (until.deadline ?? Number.POSITIVE_INFINITY) - startedAt);
    const controller = new AbortController();
    const outer = until.signal;
    if (outer?.aborted) throw new DispatchError("CLOSED", `${verb}: ended before it began`);
    const stop = () => controller.abort(outer?.reason);
    let timedOut = false;
    outer?.addEventListener("abort", stop, { once: true });
    const timer = this.#clock.after(Math.max(0, boundMs), () => {
      timedOut = true;
      controller.abort(new DispatchError("TIMED_OUT", `${verb} took longer than ${Math.round(boundMs)} ms`));
    });
    try {
      const answer = await run(controller.signal);
      if (this.#observer !== undefined) this.#report(verb, items, startedAt, undefined, broughtBy(verb, answer));
      return answer;
    } catch (error) {
      const wrapped = timedOut
        ? new DispatchError("TIMED_OUT", `${verb} took longer than ${Math.round(boundMs)} ms`, { cause: error })
        : this.wrap(verb, error);
      this.#report(verb, items, startedAt, wrapped);
      throw wrapped;
    } finally {
      timer.cancel();
      outer?.removeEventListener("abort", stop);
    }
  }

  /** What a backend threw, as the one error class. */
  wrap(verb: string, error: unknown): DispatchError {
    if (error instanceof DispatchError) return error;
    const { code, detail } = this.backend.classify(error);
    return new DispatchError(code, `${this.backend.name} ${verb}: ${detail ?? printed(error)}`, { cause: error });
  }

  /** Waits before the next try; answers false when the deadline or the signal comes first. */
  async #pause(round: number, until: Until, advisedMs: number): Promise<boolean> {
    if (until.signal?.aborted) return false;
    const delayMs = Math.max(advisedMs, backoffMs(RETRY, round, this.#random));
    if (until.deadline !== undefined && this.#clock.now() + delayMs >= until.deadline) return false;
    await pause(this.#clock, delayMs, until.signal);
    return until.signal?.aborted !== true;
  }

  /** How long the broker asks to be left alone. */
  #advice(error: DispatchError): number {
    return error.cause === undefined ? 0 : (this.backend.classify(error.cause).retryAfterMs ?? 0);
  }

  #report(verb: string, items: number, startedAt: number, error?: DispatchError, brought?: number): void {
    this.#observer?.({
      event: "call",
      backend: this.backend.name,
      verb,
      items,
      durationMs: this.#clock.now() - startedAt,
      ...(brought === undefined ? {} : { brought }),
      ...(error === undefined
        ? {}
        : { code: error.code as Code, message: error.message, again: codes[error.code].again }),
    });
  }
}

function moveOn(wire: Wire, { receipts, sends }: Move): Move {
  return { receipts, sends: sends.map(({ queue, frame }) => ({ queue, frame: wire.toWire(frame) })) };
}

function broughtBy(verb: string, answer: unknown): number | undefined {
  return verb === "receive" && Array.isArray(answer) ? answer.length : undefined;
}

function isFailed(value: unknown): value is { readonly failed: unknown } {
  return typeof value === "object" && value !== null && "failed" in value;
}

/** Resolves when the promise does, or after `ms`. */
export async function within(clock: Clock, promise: Promise<unknown>, ms: number): Promise<void> {
  const done = new AbortController();
  void promise.finally(() => done.abort()).catch(() => {});
  await pause(clock, ms, done.signal);
}

/** Resolves after `ms`, or at once when the signal fires. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
