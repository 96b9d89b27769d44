import { GrantedFrame } from "@org/dispatch-core/adapter-kit";
import type { Clock, Delivery, Queue, Receipt, Want } from "@org/dispatch-core/contract";
import type { MakeClient } from "./client.ts";
import type { Connection } from "./connection.ts";
import type { Place } from "./keys.ts";
import { LISTEN_S, Listening } from "./listening.ts";
import { STARVATION_GRANTS } from "./profile.ts";
import { scripts } from "./script.ts";
import { settled } from "./settled.ts";

/** A server that does not know yet that a connection is dead runs what stands behind its blocking pop; by then it has. In ms. */
const LATE_MS = 2 * LISTEN_S * 1_000;
/** One claim holds up the server for some 5 ms at most. */
const MOST_GRANTS = 1_000;
/** A close waits so long for a server that says nothing; what could not be given back until then comes back by its lease. In ms. */
const CLOSE_MS = 5_000;

/** Ms until something may be due, or -1; then a lease and a frame for each grant. */
type Answer = [number, ...Buffer[]];

/** What stands for one grant: the name of the lease, which begins with its fence. */
export class RedisReceipt implements Receipt {
  readonly queue: Queue;
  readonly lease: Buffer;

  constructor(queue: Queue, lease: Buffer) {
    this.queue = queue;
    this.lease = lease;
  }
}

export interface SourcePort {
  readonly place: Place;
  /** From `make`: no other session of this queue has it. */
  readonly session: number;
  readonly connection: Connection;
  readonly makeClient: MakeClient;
  readonly clock: Clock;
}

/** What a claim has brought, and under which fence. */
interface Found {
  readonly fence: Buffer;
  readonly answer: Answer;
}

/** A queue that this backend receives from. It has a connection of its own for waiting, from the first wait on. */
export class Source {
  readonly #port: SourcePort;
  readonly #session = Buffer.alloc(7);
  readonly #listening: Listening<Found>;
  readonly #running = new Set<Promise<unknown>>();
  /** The fences of claims whose answer never came, and from when on they may be given back. */
  #unanswered: { readonly fence: Buffer; readonly fromMs: number }[] = [];
  #grants = 0;
  #closed = false;

  constructor(port: SourcePort) {
    this.#port = port;
    // Seven bytes: one more than Node writes at once.
    this.#session.writeUInt32BE(Math.floor(port.session / 2 ** 24));
    this.#session.writeUIntBE(port.session % 2 ** 24, 4, 3);
    this.#listening = new Listening({
      ...port,
      claim: (connection, want) => this.#claimBehind(connection, want),
      unwanted: ({ fence }) => void this.#track(this.#giveBack(fence)).catch(() => this.#missed(fence, 0)),
    });
  }

  async receive(want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    const { clock } = this.#port;
    const untilMs = clock.now() + want.waitMs;
    for (;;) {
      if (!(want.max > 0) || signal.aborted || this.#closed) return [];
      if (this.#unanswered.length > 0) await this.#recover(signal);
      if (signal.aborted) return [];
      const { deliveries, nextMs } = await this.#claim(want, signal);
      const leftMs = untilMs - clock.now();
      if (deliveries.length > 0 || leftMs <= 0) return deliveries;
      const found = await this.#listening.wait(want, Math.min(leftMs, nextMs), signal);
      if (found !== undefined) return this.#granted(found.answer).deliveries;
    }
  }

  /** Ends all waiting; there is nothing to give back, since its queue is gone. */
  forget(): void {
    this.#closed = true;
    this.#listening.close();
  }

  /** Ends all waiting, gives back all that this session holds, without penalty, and wakes somebody else for it. */
  async close(): Promise<void> {
    this.forget();
    const signal = AbortSignal.timeout(CLOSE_MS);
    await settled(Promise.allSettled(this.#running), signal);
    await this.#giveBack(this.#session, signal);
  }

  /** A signal that fires meanwhile ends it at once for the caller; what it then brings is given back, for others. */
  async #claim(want: Want, signal: AbortSignal): Promise<{ deliveries: readonly Delivery[]; nextMs: number }> {
    const fence = this.#fence();
    const missed = (error: unknown) => {
      this.#missed(fence, 0);
      throw error;
    };
    const answer = this.#run(this.#port.connection, fence, want, 1);
    const { promise: aborted, resolve: abort } = Promise.withResolvers<undefined>();
    const onAbort = () => abort(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    const done = this.#track(
      answer.then((found) => (signal.aborted ? this.#giveBack(fence).then(() => undefined, missed) : found), missed),
    );
    try {
      const found = await Promise.race([done, aborted]);
      return found === undefined ? { deliveries: [], nextMs: 0 } : this.#granted(found);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #granted(answer: Answer): { deliveries: readonly Delivery[]; nextMs: number } {
    const { queue } = this.#port.place;
    const [next] = answer;
    const deliveries: Delivery[] = [];
    for (let at = 1; at < answer.length; at += 2) {
      const lease = answer[at] as Buffer;
      // The byte after fence and priority is the number of losses.
      deliveries.push(new GrantedFrame(new RedisReceipt(queue, lease), answer[at + 1] as Buffer, lease[12] as number));
    }
    // V8 makes the client's lists in the old part of the heap (see GrantedFrame), where each would keep its frames.
    answer.length = 0;
    return { deliveries, nextMs: next < 0 ? Number.POSITIVE_INFINITY : next };
  }

  /** For whoever waits. It may be run long after it was sent, so what it takes on a connection that is lost meanwhile is looked for twice. */
  async #claimBehind(connection: Connection, want: Pick<Want, "max" | "leaseMs">): Promise<Found | undefined> {
    const fence = this.#fence();
    try {
      const answer = await this.#track(this.#run(connection, fence, want, 0));
      return answer.length > 1 ? { fence, answer } : undefined;
    } catch {
      this.#missed(fence, 0);
      this.#missed(fence, LATE_MS);
      return undefined;
    }
  }

  /** `makes`: a queue that was lost is made again. Not behind a blocking pop: the server may run that when the queue has been removed. */
  #run(
    connection: Connection,
    fence: Buffer,
    { max, leaseMs }: Pick<Want, "max" | "leaseMs">,
    makes: 0 | 1,
  ): Promise<Answer> {
    const { place } = this.#port;
    const args = [Math.min(max, MOST_GRANTS), Math.ceil(leaseMs), fence, place.keepMs, STARVATION_GRANTS, makes];
    return connection.run(scripts.claim, place.keys, args) as Promise<Answer>;
  }

  /** Unlike that of any other claim of this queue. */
  #fence(): Buffer {
    const fence = Buffer.allocUnsafe(11);
    fence.set(this.#session);
    this.#grants = (this.#grants + 1) >>> 0;
    fence.writeUInt32BE(this.#grants, 7);
    return fence;
  }

  #missed(fence: Buffer, inMs: number): void {
    this.#unanswered.push({ fence, fromMs: this.#port.clock.now() + inMs });
  }

  /** What a claim has granted whose answer was lost with its connection would else be held until its lease is over, and count as a loss. */
  async #recover(signal: AbortSignal): Promise<void> {
    const now = this.#port.clock.now();
    const due = this.#unanswered.filter(({ fromMs }) => fromMs <= now);
    this.#unanswered = this.#unanswered.filter(({ fromMs }) => fromMs > now);
    while (due.length > 0) {
      try {
        await this.#giveBack((due[0] as (typeof due)[number]).fence, signal);
        due.shift();
      } catch (error) {
        this.#unanswered.push(...due);
        // An abort is no error of a receive.
        if (signal.aborted) return;
        throw error;
      }
    }
  }

  /** All that is held under a session, or under one claim of it. */
  async #giveBack(prefix: Buffer, signal?: AbortSignal): Promise<void> {
    const { connection, place } = this.#port;
    let cursor = "0";
    do cursor = String(await connection.run(scripts.giveBack, place.keys, [cursor, prefix], signal));
    while (cursor !== "0");
  }

  /** Remembers it until it is done, for `close`. */
  #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    const done = () => this.#running.delete(work);
    work.then(done, done);
    return work;
  }
}
