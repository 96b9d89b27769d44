import { firstOfFailed, isDelivery, isFailed, isSaid } from "./answers.ts";
import { batchesOf } from "./batches.ts";
import type {
  Backend,
  BrowsePage,
  Delivery,
  Depth,
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
import { codes, DispatchError } from "./errors.ts";
import { Repeats } from "./repeats.ts";
import { TRY_MS, type Until } from "./retrying.ts";
import { Trying, type TryingOptions } from "./trying.ts";
import { type Wire, wireOf } from "./wire.ts";

export type Sent = "ok" | "duplicate" | "gone" | DispatchError;
export type Held = "ok" | "lost" | DispatchError;
export type Moved = "ok" | { readonly lost: readonly Receipt[] } | { readonly gone: readonly Queue[] } | DispatchError;

/**
 * So many batches of a renewal are under way at a time. Where a batch holds little (SQS: 10) and much is held, the last ones would come too late if each
 * waited for the one before. Not more, because settlements use the same connections: a client of SQS has 50 where it is not told otherwise. Renewals only:
 * what is asked for twice, or in another order, is the same to them, while that frames arrive as they were sent is a promise.
 */
const RENEWALS_UNDER_WAY = 10;

/**
 * The one door to a backend. Each verb gets a deadline, is tried again as the table of codes says, and what it throws is classified and wrapped, once,
 * here. Items that failed on their own are tried again on their own. What is no answer at all is as good as a broker that is away: an adapter's fault ends
 * nobody who asks.
 */
export class Calls {
  readonly backend: Backend;
  readonly #trying: Trying;
  readonly #observer: Observer | undefined;
  /** Undefined where frames pass as they are. */
  readonly #wire: Wire | undefined;
  /** The doubts that have been said. */
  readonly #doubts = new Set<string>();

  constructor(options: TryingOptions) {
    const { backend, observer } = options;
    this.backend = backend;
    this.#wire = backend.profile.wire === "ascii" ? wireOf(backend.profile) : undefined;
    this.#trying = new Trying(options);
    this.#observer = observer;
  }

  /** What the backend doubts becomes a `warning` each, once. */
  async open(options: OpenOptions, until: Until): Promise<void> {
    const doubts = await this.#trying.untilDone({ verb: "open", items: 1 }, until, (signal) =>
      this.backend.open(options, signal),
    );
    // An adapter without types may answer whatever its client does.
    for (const doubt of Array.isArray(doubts) ? (doubts as readonly Doubt[]) : []) this.#doubt(doubt);
  }

  #doubt({ code, detail }: Doubt): void {
    if (this.#doubts.has(detail)) return;
    this.#doubts.add(detail);
    this.#observer?.({ event: "warning", code, message: `${this.backend.name}: ${detail}` });
  }

  /** One answer a frame. A duplicate of its own earlier try is `"ok"`. Never throws. */
  async send(queue: Queue, plain: readonly OutFrame[], until: Until): Promise<Sent[]> {
    const wire = this.#wire;
    const frames = wire === undefined ? plain : plain.map((frame) => wire.toWire(frame));
    return (await this.#perItem("send", frames, until, (batch, signal) =>
      this.backend.send(queue, batch, signal),
    )) as Sent[];
  }

  /** One try; an abort is not an error. Throws a DispatchError. */
  async receive(queue: Queue, want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    if (signal.aborted) return [];
    const asked = { verb: "receive", items: want.max, tryMs: want.waitMs + TRY_MS };
    const deliveries = await this.#trying.once(asked, { signal }, async (bounded) =>
      this.#granted(await this.backend.receive(queue, want, bounded)),
    );
    const wire = this.#wire;
    if (wire === undefined) return deliveries;
    return deliveries.map((delivery) => ({ ...delivery, bytes: wire.fromWire(delivery.bytes) }));
  }

  /** A frame that came in good order is taken beside one that did not: it would be lost for the length of its lease, and count as a crash. */
  #granted(answer: readonly Delivery[]): readonly Delivery[] {
    const isList = Array.isArray(answer);
    if (isList && answer.every(isDelivery)) return answer;
    const good = isList ? answer.filter(isDelivery) : [];
    const error = this.#malformed("receive", "no list of deliveries");
    if (good.length === 0) throw error;
    this.#doubt({ code: "UNAVAILABLE", detail: error.message });
    return good;
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

  /**
   * A broker that is emptied frame by frame says after a while how far it has come: it is asked again as long as less is gone than was ready. What is sent
   * meanwhile does not keep that up. Throws `UNSUPPORTED` where the backend cannot purge.
   */
  async purge(queue: Queue, until: () => Until): Promise<number> {
    const ready = this.backend.profile.verbs.includes("depth") ? (await this.depth(queue, until())).ready : 0;
    for (let removed = 0; ; ) {
      const some = await this.ask("purge", until(), (backend, signal) => backend.purge(queue, signal));
      removed += some;
      if (!(some > 0 && removed < ready)) return removed;
    }
  }

  /** Throws `UNSUPPORTED` where the backend has no `depth`. */
  depth(queue: Queue, until: Until): Promise<Depth> {
    return this.ask("depth", until, (backend, signal) => backend.depth(queue, signal));
  }

  /** An optional verb without policy of its own: `depth`, `browse`, `purge`, `remove`. Throws `UNSUPPORTED` where the backend has none. */
  async ask<T>(
    verb: "depth" | "browse" | "purge" | "remove",
    until: Until,
    run: (backend: Required<Backend>, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.#verb(verb);
    return this.#trying.untilDone({ verb, items: 1 }, until, (signal) =>
      run(this.backend as Required<Backend>, signal),
    );
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
    const { limits, lease } = this.backend.profile;
    // Where a lease is the connection's, its adapter knows by itself whether it is still held.
    const isLocal = verb === "renew" && lease.kind === "session";
    const sizeOf = verb === "send" ? (place: number) => (items[place] as OutFrame).bytes.length : undefined;
    const answers: (O | DispatchError)[] = new Array(items.length);
    let open = items.map((_, index) => index);
    let repeats: Repeats | undefined;
    for (let round = 0; open.length > 0; round += 1) {
      const again: number[] = [];
      let advisedMs = 0;
      if (round === 1 && verb === "send") repeats = new Repeats(items as unknown as readonly OutFrame[], answers);
      const ask = (places: readonly number[]): Promise<void> => {
        const batch = places.length === items.length ? items : places.map((place) => items[place] as I);
        const take = (results: DispatchError | readonly unknown[]) => {
          for (let index = 0; index < places.length; index += 1) {
            const place = places[index] as number;
            const answer =
              results instanceof DispatchError
                ? results
                : this.#said<O>(verb, repeats === undefined ? results[index] : repeats.said(place, results[index]));
            answers[place] = answer;
            if (answer instanceof DispatchError && codes[answer.code].again) {
              again.push(place);
              advisedMs = Math.max(advisedMs, this.#trying.adviceMs(answer));
            }
          }
        };
        return this.#trying
          .once({ verb, items: batch.length, failed: firstOfFailed, isLocal }, until, async (signal) => {
            const results = await run(batch, signal);
            // Whose the answers of a short list are, nobody knows.
            if (Array.isArray(results) && results.length >= batch.length) return results;
            throw this.#malformed(verb, `no list of ${batch.length}`);
          })
          .then(take, take);
      };
      const batches = batchesOf(open, limits, sizeOf);
      if (verb === "renew" && batches.length > 1) await sideBySide(batches, ask);
      else for (const places of batches) await ask(places);
      if (again.length === 0 || !(await this.#trying.pause(round, until, advisedMs))) return answers;
      // Side by side they are answered in any order.
      open = again.sort((a, b) => a - b);
    }
    return answers;
  }

  /** What became of an item. */
  #said<O>(verb: string, answer: unknown): O | DispatchError {
    if (answer === "ok") return answer as O;
    if (isFailed(answer)) return this.#trying.wrap(verb, answer.failed);
    return isSaid(answer) ? (answer as O) : this.#malformed(verb, "nothing that says what became of an item");
  }

  /** No value is quoted: it may be a payload. */
  #malformed(verb: string, what: string): DispatchError {
    return new DispatchError("UNAVAILABLE", `${this.backend.name} ${verb}: the adapter answered ${what}`);
  }
}

/** The next one begins when any has ended: one that is not answered holds up no other. */
async function sideBySide<T>(batches: readonly T[], ask: (batch: T) => Promise<void>): Promise<void> {
  const rest = batches.values();
  const lane = async () => {
    for (const batch of rest) await ask(batch);
  };
  await Promise.all(Array.from({ length: RENEWALS_UNDER_WAY }, lane));
}

function moveOn(wire: Wire, { receipts, sends }: Move): Move {
  return { receipts, sends: sends.map(({ queue, frame }) => ({ queue, frame: wire.toWire(frame) })) };
}
