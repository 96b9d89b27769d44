import { Bell } from "@org/dispatch-core/adapter-kit";
import type { Clock, Want } from "@org/dispatch-core/contract";
import type { MakeClient } from "./client.ts";
import { Connection } from "./connection.ts";
import type { Place } from "./keys.ts";

/** A blocking pop ends by itself after so long: the safety net for a marker that its finder could not use any more (a frozen process, say). */
export const LISTEN_S = 1;

/** What a claim on this connection has brought; nothing where it brought none, or failed, of which it takes care by itself. Must not throw. */
type Claim<T> = (connection: Connection, want: Pick<Want, "max" | "leaseMs">) => Promise<T | undefined>;

export interface ListeningPort<T> {
  readonly place: Place;
  readonly makeClient: MakeClient;
  readonly clock: Clock;
  readonly claim: Claim<T>;
  /** Nobody wants any more what was claimed: back with it. Must not throw. */
  unwanted(found: T): void;
}

/** Somebody who waits, and what there is for him. */
interface Waiting<T> {
  readonly want: Want;
  found: T | undefined;
}

/**
 * Waits for the marker of a queue, on a connection of its own, from the first wait on. Behind the blocking pop stands a claim, which the server runs as
 * soon as the pop ends: on an idle queue a frame is there a round trip sooner. A process that
 * is frozen just then keeps what it wanted: with one task of several free slots core would be given one at a time by a broker far away.
 */
export class Listening<T> {
  readonly #port: ListeningPort<T>;
  readonly #connection: Connection;
  readonly #bell: Bell;
  readonly #waiting = new Set<Waiting<T>>();

  constructor(port: ListeningPort<T>) {
    this.#port = port;
    this.#connection = new Connection(port.makeClient);
    // The claim behind the pop has looked already, and has rung again where there is more.
    this.#bell = new Bell({ clock: port.clock, listen: () => this.#listen(), unheard: () => {} });
  }

  /** Resolves with what was claimed, or with nothing when it is worth looking. Rejects where the connection is lost. */
  async wait(want: Want, ms: number, signal: AbortSignal): Promise<T | undefined> {
    const waiting: Waiting<T> = { want, found: undefined };
    this.#waiting.add(waiting);
    try {
      await this.#bell.wait(ms, signal);
    } catch (error) {
      if (waiting.found === undefined) throw error;
    } finally {
      this.#waiting.delete(waiting);
    }
    return waiting.found;
  }

  close(): void {
    this.#bell.close();
    this.#connection.close();
  }

  async #listen(): Promise<boolean> {
    const { place, claim, unwanted } = this.#port;
    await this.#connection.ready();
    const [first] = this.#waiting;
    if (first === undefined) return false;
    const { leaseMs, max } = first.want;
    const popped = this.#connection.command(["blpop", place.marker, LISTEN_S]);
    // It may fail before the claim has its answer, and is looked at only then.
    popped.catch(() => {});
    const found = await claim(this.#connection, { max, leaseMs });
    if (found === undefined) return (await popped) !== null;
    for (const waiting of this.#waiting) {
      const { want } = waiting;
      if (want.leaseMs !== leaseMs || want.max < max || waiting.found !== undefined) continue;
      waiting.found = found;
      return true;
    }
    unwanted(found);
    return true;
  }
}
