import { Bell } from "@org/dispatch-core/adapter-kit";
import type { Clock, Delivery, Queue, Receipt, Want } from "@org/dispatch-core/contract";
import type { MakeClient } from "./client.ts";
import { Connection } from "./connection.ts";
import type { Place } from "./keys.ts";
import { STARVATION_GRANTS } from "./profile.ts";
import { scripts } from "./script.ts";

/** A blocking pop ends by itself after so long: the safety net for a marker that its finder could not use any more (a frozen process, say). */
const LISTEN_S = 1;
/** One claim holds up the server for some 5 ms at most. */
const MOST_GRANTS = 1_000;

/** Ms until something may be due, or -1; then a lease and a frame for each grant. */
type Answer = readonly [number, ...Buffer[]];

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

/** A queue that this backend receives from. It has a connection of its own for waiting, from the first wait on. */
export class Source {
  readonly #port: SourcePort;
  readonly #session = Buffer.alloc(7);
  readonly #listener: Connection;
  readonly #bell: Bell;
  readonly #running = new Set<Promise<unknown>>();
  /** Of claims whose answer never came. */
  readonly #unanswered: Buffer[] = [];
  #grants = 0;
  #closed = false;

  constructor(port: SourcePort) {
    this.#port = port;
    // Seven bytes: one more than Node writes at once.
    this.#session.writeUInt32BE(Math.floor(port.session / 2 ** 24));
    this.#session.writeUIntBE(port.session % 2 ** 24, 4, 3);
    this.#listener = new Connection(port.makeClient);
    this.#bell = new Bell({ clock: port.clock, listen: () => this.#listen(), unheard: () => this.#ring() });
  }

  async receive(want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    const { clock } = this.#port;
    const untilMs = clock.now() + want.waitMs;
    for (;;) {
      if (!(want.max > 0) || signal.aborted || this.#closed) return [];
      if (this.#unanswered.length > 0) await this.#recover();
      const { deliveries, nextMs } = await this.#claim(want, signal);
      const leftMs = untilMs - clock.now();
      if (deliveries.length > 0 || leftMs <= 0) return deliveries;
      await this.#bell.wait(Math.min(leftMs, nextMs), signal);
    }
  }

  /** Ends all waiting, gives back all that this session holds, without penalty, and wakes somebody else for it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#bell.close();
    this.#listener.close();
    await Promise.allSettled(this.#running);
    await this.#giveBack(this.#session);
  }

  /** A signal that fires meanwhile ends it at once for the caller; what it then brings is given back, for others. */
  async #claim(want: Want, signal: AbortSignal): Promise<{ deliveries: readonly Delivery[]; nextMs: number }> {
    const fence = this.#fence();
    const answer = this.#run(fence, want);
    const { promise: aborted, resolve: abort } = Promise.withResolvers<undefined>();
    const onAbort = () => abort(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    const done = this.#track(
      answer.then(
        (found) => (signal.aborted ? this.#giveBack(fence).then(() => undefined) : found),
        (error: unknown) => {
          this.#unanswered.push(fence);
          throw error;
        },
      ),
    );
    try {
      const found = await Promise.race([done, aborted]);
      return found === undefined ? { deliveries: [], nextMs: 0 } : this.#granted(found);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #granted([next, ...pairs]: Answer): { deliveries: readonly Delivery[]; nextMs: number } {
    const { queue } = this.#port.place;
    const deliveries: Delivery[] = [];
    for (let at = 0; at < pairs.length; at += 2) {
      const lease = pairs[at] as Buffer;
      // The byte after fence and priority is the number of losses.
      deliveries.push({
        receipt: new RedisReceipt(queue, lease),
        bytes: pairs[at + 1] as Buffer,
        redelivery: lease[12] as number,
      });
    }
    return { deliveries, nextMs: next < 0 ? Number.POSITIVE_INFINITY : next };
  }

  #run(fence: Buffer, { max, leaseMs }: Pick<Want, "max" | "leaseMs">): Promise<Answer> {
    const { connection, place } = this.#port;
    const args = [Math.min(max, MOST_GRANTS), Math.ceil(leaseMs), fence, place.keepMs, STARVATION_GRANTS];
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

  /** What a claim has granted whose answer was lost with its connection would else be held until its lease is over, and count as a loss. */
  async #recover(): Promise<void> {
    for (const fence of this.#unanswered.splice(0)) {
      await this.#giveBack(fence).catch((error: unknown) => {
        this.#unanswered.push(fence);
        throw error;
      });
    }
  }

  /** All that is held under a session, or under one claim of it. */
  async #giveBack(prefix: Buffer): Promise<void> {
    const { connection, place } = this.#port;
    let cursor = "0";
    do cursor = String(await connection.run(scripts.giveBack, place.keys, [cursor, prefix]));
    while (cursor !== "0");
  }

  async #listen(): Promise<boolean> {
    await this.#listener.ready();
    return (await this.#listener.command(["blpop", this.#port.place.marker, LISTEN_S])) !== null;
  }

  /** A claim of nothing rings again, if there is a reason to. */
  #ring(): void {
    void this.#track(this.#run(this.#fence(), { max: 0, leaseMs: 1 })).catch(() => {});
  }

  /** Remembers it until it is done, for `close`. */
  #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    const done = () => this.#running.delete(work);
    work.then(done, done);
    return work;
  }
}
