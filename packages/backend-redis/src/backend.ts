import {
  type Backend,
  type BrowsePage,
  type Delivery,
  type Depth,
  type Doubt,
  type ErrorClass,
  type HoldOutcome,
  type Move,
  type MoveOutcome,
  type OpenOptions,
  type OutFrame,
  type Page,
  type Profile,
  type Queue,
  queueKey,
  type Receipt,
  type SendOutcome,
  type Settlement,
  type Want,
} from "@org/dispatch-core/contract";
import { type AuditReport, auditQueue } from "./audit.ts";
import { Blob, frameSize } from "./blob.ts";
import { Connection, closedError } from "./connection.ts";
import { type Place, placeOf } from "./keys.ts";
import type { RedisBackendOptions } from "./options.ts";
import { cursorOf, pageOf } from "./pages.ts";
import { redisProfile } from "./profile.ts";
import { classifyError, RedisRefusal } from "./redis-error.ts";
import { type Script, scripts } from "./script.ts";
import { checkServers } from "./server-facts.ts";
import { resolveOptions, type Settings } from "./settings.ts";
import { Source } from "./source.ts";
import {
  fieldOf,
  holdOutcomes,
  moveBlob,
  moveOutcome,
  renewBlob,
  type Share,
  sendOutcomes,
  settleBlob,
  shares,
} from "./wire.ts";

/** So many frames are removed by one script of a purge. */
const PURGED = 1_000;
/** How long an audit may take unless told otherwise, in ms. */
const AUDIT_MS = 60_000;

/** Queues in Redis or Valkey: each verb is one script, and so one step, which takes its time from the server. */
export class RedisBackend implements Backend, AsyncDisposable {
  readonly contract = 1;
  readonly name = "redis";
  readonly profile: Profile;
  readonly #settings: Settings;
  readonly #connection: Connection;
  readonly #places = new Map<string, Place>();
  /** What each `Queue` object led to: core uses the same objects again and again. */
  readonly #known = new WeakMap<Queue, Place>();
  readonly #sources = new Map<Place, Source>();
  /** Of the servers, which are looked at once. */
  #doubts: readonly Doubt[] | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: RedisBackendOptions = {}) {
    this.#settings = resolveOptions(options);
    this.profile = redisProfile(this.#settings.dedupeWindowMs);
    this.#connection = new Connection(this.#settings.make);
  }

  /** Makes every queue named, whatever `create` says: a queue here is a few keys, which nobody has to provide. */
  async open({ receive, send, clock }: OpenOptions, signal: AbortSignal): Promise<readonly Doubt[]> {
    this.#opened();
    await this.#connection.ready(signal);
    this.#doubts ??= await checkServers(this.#connection, this.#settings.strict);
    const sources = new Set(receive.map((queue) => this.#place(queue)));
    for (const place of new Set([...sources, ...send.map((queue) => this.#place(queue))])) {
      if (this.#sources.has(place)) continue;
      const [session] = (await this.#run(scripts.make, [place], [place.keepMs], signal)) as [number];
      this.#opened();
      if (!sources.has(place)) continue;
      const { make: makeClient } = this.#settings;
      this.#sources.set(place, new Source({ place, session, connection: this.#connection, makeClient, clock }));
    }
    return this.#doubts;
  }

  async send(queue: Queue, frames: readonly OutFrame[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    this.#opened();
    const place = this.#place(queue);
    const { frameBytes } = this.profile.limits;
    const fitting = frames.filter(({ bytes }) => bytes.length <= frameBytes);
    const fields = fitting.map((frame) => fieldOf(place, frame));
    const blob = new Blob(
      fitting.reduce((sum, frame, index) => sum + 1 + frameSize(frame, fields[index] as string), 0),
    );
    fitting.forEach((frame, index) => {
      blob.byte(frame.first ? 1 : 0).frame(frame, fields[index] as string);
    });
    const args = [place.kind, this.#settings.dedupeWindowMs, place.keepMs, blob.end()];
    const answer = fitting.length === 0 ? Buffer.alloc(0) : await this.#write(scripts.send, [place], args, signal);
    const outcomes = sendOutcomes(answer as Buffer, fitting.length);
    if (fitting.length === frames.length) return outcomes;
    let taken = 0;
    return frames.map(({ bytes }) => {
      if (bytes.length > frameBytes) return { failed: tooLarge(bytes.length, frameBytes) };
      taken += 1;
      return outcomes[taken - 1] as SendOutcome;
    });
  }

  async receive(queue: Queue, want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    this.#opened();
    const source = this.#sources.get(this.#place(queue));
    if (source === undefined)
      throw new RedisRefusal("MISSING", `the queue "${queueKey(queue)}" was not opened to receive from it`);
    return source.receive(want, signal);
  }

  renew(receipts: readonly Receipt[], leaseMs: number, signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    return this.#perQueue(
      receipts,
      (receipt) => receipt,
      ({ place, items }) => this.#run(scripts.renew, [place], [Math.ceil(leaseMs), renewBlob(items)], signal),
    );
  }

  settle(settlements: readonly Settlement[], signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    return this.#perQueue(
      settlements,
      ({ receipt }) => receipt,
      ({ place, items }) => this.#write(scripts.settle, [place], [settleBlob(items)], signal),
    );
  }

  async move(moves: readonly Move[], signal: AbortSignal): Promise<readonly MoveOutcome[]> {
    this.#opened();
    const { frameBytes } = this.profile.limits;
    const outcomes: MoveOutcome[] = new Array(moves.length);
    const families = new Map<string, number[]>();
    moves.forEach((move, index) => {
      const large = move.sends.find(({ frame }) => frame.bytes.length > frameBytes);
      if (large !== undefined) outcomes[index] = { failed: tooLarge(large.frame.bytes.length, frameBytes) };
      else {
        const of = (move.receipts[0]?.receipt.queue ?? move.sends[0]?.queue)?.of ?? "";
        const family = families.get(of);
        if (family === undefined) families.set(of, [index]);
        else family.push(index);
      }
    });
    await Promise.all([...families.values()].map((family) => this.#moveFamily(moves, family, outcomes, signal)));
    return outcomes;
  }

  async depth(queue: Queue, signal: AbortSignal): Promise<Depth> {
    const [ready, leased, delayed] = (await this.#look(scripts.depth, queue, [], signal)) as [number, number, number];
    return { ready, leased, delayed, exact: true };
  }

  async browse(queue: Queue, page: Page, signal: AbortSignal): Promise<BrowsePage> {
    return pageOf((await this.#look(scripts.browse, queue, cursorOf(page), signal)) as Parameters<typeof pageOf>[0]);
  }

  async purge(queue: Queue, signal: AbortSignal): Promise<number> {
    const { ready, delayed } = await this.depth(queue, signal);
    let purged = 0;
    // Not what is sent meanwhile: a sender that is fast enough would keep it going for ever.
    for (let count = -1; count !== 0 && purged < ready + delayed; purged += count)
      count = (await this.#look(scripts.purge, queue, [PURGED], signal)) as number;
    return purged;
  }

  async remove(queue: Queue, signal: AbortSignal): Promise<void> {
    await this.#look(scripts.remove, queue, [], signal);
  }

  /** Finds frames that nobody would ever receive, because the server has lost a part of the queue's keys; with `repair` they are lined up again. */
  audit(
    queue: Queue,
    options: { readonly repair?: boolean } = {},
    signal = AbortSignal.timeout(AUDIT_MS),
  ): Promise<AuditReport> {
    return auditQueue((script, args) => this.#look(script, queue, args, signal), options.repair === true);
  }

  classify(error: unknown): ErrorClass {
    return classifyError(error);
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What cannot be given back, because the server is away, comes back by its lease. */
  async #end(): Promise<void> {
    await Promise.allSettled([...this.#sources.values()].map((source) => source.close()));
    this.#connection.close();
  }

  async #perQueue<I>(
    items: readonly I[],
    receiptOf: (item: I) => Receipt,
    call: (share: Share<I>) => Promise<unknown>,
  ): Promise<readonly HoldOutcome[]> {
    this.#opened();
    const outcomes: HoldOutcome[] = items.map(() => "lost");
    const all = shares(items, receiptOf, (queue) => this.#place(queue));
    const answers = await Promise.allSettled(all.map(call));
    // The only queue's failure is the call's; of several, it is an outcome of those whose queue it is.
    if (all.length === 1 && answers[0]?.status === "rejected") throw answers[0].reason;
    all.forEach(({ at }, index) => {
      const answer = answers[index] as PromiseSettledResult<unknown>;
      const held = answer.status === "fulfilled" ? holdOutcomes(answer.value as Buffer) : undefined;
      at.forEach((place, nth) => {
        outcomes[place] = held?.[nth] ?? { failed: (answer as PromiseRejectedResult).reason };
      });
    });
    return outcomes;
  }

  async #moveFamily(
    moves: readonly Move[],
    family: readonly number[],
    outcomes: MoveOutcome[],
    signal: AbortSignal,
  ): Promise<void> {
    const places: Place[] = [];
    const own = family.map((index) => moves[index] as Move);
    const blob = moveBlob(own, places, (queue) => this.#place(queue));
    const args = [places.map(({ kind }) => kind).join(""), places.map(({ keepMs }) => keepMs).join(), blob];
    const answers = await this.#write(scripts.move, places, args, signal).catch((failed: unknown) => ({ failed }));
    family.forEach((index, nth) => {
      outcomes[index] = Array.isArray(answers)
        ? moveOutcome(answers[nth] as Buffer, moves[index] as Move)
        : (answers as { failed: unknown });
    });
  }

  #look(
    script: Script,
    queue: Queue,
    args: readonly (string | number | Buffer)[],
    signal: AbortSignal,
  ): Promise<unknown> {
    return this.#run(script, [this.#place(queue)], args, signal);
  }

  /** A change that must last. */
  #write(
    script: Script,
    places: readonly Place[],
    args: readonly (string | number | Buffer)[],
    signal: AbortSignal,
  ): Promise<unknown> {
    const { durability } = this.#settings;
    if (durability === undefined) return this.#run(script, places, args, signal);
    return this.#connection.runDurably(script, keysOf(places), args, durability, signal);
  }

  async #run(
    script: Script,
    places: readonly Place[],
    args: readonly (string | number | Buffer)[],
    signal: AbortSignal,
  ): Promise<unknown> {
    this.#opened();
    return this.#connection.run(script, keysOf(places), args, signal);
  }

  #place(queue: Queue): Place {
    let place = this.#known.get(queue);
    if (place !== undefined) return place;
    const key = queueKey(queue);
    place = this.#places.get(key) ?? placeOf(this.#settings.namespace, queue, this.profile.replyRetentionMs);
    this.#places.set(key, place);
    this.#known.set(queue, place);
    return place;
  }

  /** The prefix of all its keys. */
  get namespace(): string {
    return this.#settings.namespace;
  }

  #opened(): void {
    if (this.#closed !== undefined) throw closedError();
  }
}

function keysOf(places: readonly Place[]): readonly string[] {
  return places.length === 1 ? (places[0] as Place).keys : places.flatMap(({ keys }) => keys);
}

function tooLarge(bytes: number, most: number): RedisRefusal {
  return new RedisRefusal("TOO_LARGE", `a frame of ${bytes} bytes is above the limit of ${most}`);
}
