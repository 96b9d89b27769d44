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
import type { AuditReport } from "./audit.ts";
import { Connection, closedError } from "./connection.ts";
import { DurableWrites } from "./durable-writes.ts";
import { Holding } from "./holding.ts";
import type { Place } from "./keys.ts";
import { Looking } from "./looking.ts";
import { moveAll } from "./moving.ts";
import type { RedisBackendOptions } from "./options.ts";
import { redisProfile } from "./profile.ts";
import { classifyError, RedisRefusal } from "./redis-error.ts";
import { scripts } from "./script.ts";
import { ScriptRunner } from "./script-runner.ts";
import { sendFrames } from "./sending.ts";
import { checkServers } from "./server-facts.ts";
import { resolveOptions, type Settings } from "./settings.ts";
import { Source } from "./source.ts";

/** How long an audit may take unless told otherwise, in ms. */
const AUDIT_MS = 60_000;

/** Queues in Redis or Valkey: each verb is one script, and so one step, which takes its time from the server. */
export class RedisBackend implements Backend, AsyncDisposable {
  readonly contract = 1;
  readonly name = "redis";
  readonly profile: Profile;
  readonly #settings: Settings;
  readonly #connection: Connection;
  /** For writes that wait until there are copies. */
  readonly #durable: Connection | undefined;
  readonly #runner: ScriptRunner;
  readonly #holding: Holding;
  readonly #looking: Looking;
  readonly #sources = new Map<Place, Source>();
  /** Of the servers, which are looked at once. */
  #doubts: readonly Doubt[] | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: RedisBackendOptions = {}) {
    this.#settings = resolveOptions(options);
    const { namespace, make, durability, dedupeWindowMs } = this.#settings;
    this.profile = redisProfile(dedupeWindowMs);
    this.#connection = new Connection(make);
    this.#durable = durability && new Connection(make);
    const durable = durability && new DurableWrites(this.#durable as Connection, durability);
    const { replyRetentionMs } = this.profile;
    this.#runner = new ScriptRunner({ connection: this.#connection, namespace, durable, replyRetentionMs });
    this.#holding = new Holding(this.#runner);
    this.#looking = new Looking(this.#runner);
  }

  /** The prefix of all its keys. */
  get namespace(): string {
    return this.#settings.namespace;
  }

  /** Makes every queue named, whatever `create` says: a queue here is a few keys, which nobody has to provide. */
  async open({ receive, send, clock }: OpenOptions, signal: AbortSignal): Promise<readonly Doubt[]> {
    this.#mustBeOpen();
    for (const connection of [this.#connection, this.#durable]) {
      await connection?.ready(signal);
      await connection?.select(signal);
    }
    this.#doubts ??= await checkServers(this.#connection, this.#settings, signal);
    const runner = this.#runner;
    const sources = new Set(receive.map((queue) => runner.open(queue)));
    for (const place of new Set([...sources, ...send.map((queue) => runner.open(queue))])) {
      if (this.#sources.has(place)) continue;
      this.#mustBeOpen();
      const [session] = (await runner.run(scripts.make, [place], [place.keepMs], signal)) as [number];
      this.#mustBeOpen();
      if (!sources.has(place)) continue;
      const { make: makeClient } = this.#settings;
      this.#sources.set(place, new Source({ place, session, connection: this.#connection, makeClient, clock }));
    }
    return this.#doubts;
  }

  async send(queue: Queue, frames: readonly OutFrame[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    this.#mustBeOpen();
    const { frameBytes } = this.profile.limits;
    const { dedupeWindowMs } = this.#settings;
    return sendFrames({ runner: this.#runner, frameBytes, dedupeWindowMs }, queue, frames, signal);
  }

  async receive(queue: Queue, want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    this.#mustBeOpen();
    const source = this.#sources.get(this.#runner.place(queue));
    if (source === undefined)
      throw new RedisRefusal("MISSING", `the queue "${queueKey(queue)}" was not opened to receive from it`);
    return source.receive(want, signal);
  }

  async renew(receipts: readonly Receipt[], leaseMs: number, signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    this.#mustBeOpen();
    return this.#holding.renew(receipts, leaseMs, signal);
  }

  async settle(settlements: readonly Settlement[], signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    this.#mustBeOpen();
    return this.#holding.settle(settlements, signal);
  }

  async move(moves: readonly Move[], signal: AbortSignal): Promise<readonly MoveOutcome[]> {
    this.#mustBeOpen();
    return moveAll(this.#runner, this.profile.limits.frameBytes, moves, signal);
  }

  async depth(queue: Queue, signal: AbortSignal): Promise<Depth> {
    this.#mustBeOpen();
    return this.#looking.depth(queue, signal);
  }

  async browse(queue: Queue, page: Page, signal: AbortSignal): Promise<BrowsePage> {
    this.#mustBeOpen();
    return this.#looking.browse(queue, page, signal);
  }

  async purge(queue: Queue, signal: AbortSignal): Promise<number> {
    this.#mustBeOpen();
    return this.#looking.purge(queue, signal);
  }

  async remove(queue: Queue, signal: AbortSignal): Promise<void> {
    this.#mustBeOpen();
    // Whoever removes a queue receives from it no more, whatever becomes of the call: its connection goes.
    const place = this.#runner.forget(queue);
    this.#sources.get(place)?.forget();
    this.#sources.delete(place);
    return this.#looking.remove(queue, signal);
  }

  /** Finds frames that nobody would ever receive, because the server has lost a part of the queue's keys; with `repair` they are lined up again. */
  async audit(
    queue: Queue,
    options: { readonly repair?: boolean } = {},
    signal = AbortSignal.timeout(AUDIT_MS),
  ): Promise<AuditReport> {
    this.#mustBeOpen();
    return this.#looking.audit(queue, options.repair === true, signal);
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
    this.#durable?.close();
  }

  #mustBeOpen(): void {
    if (this.#closed !== undefined) throw closedError();
  }
}
