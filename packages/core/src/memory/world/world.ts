import { Books } from "../books.ts";
import { MemoryError } from "../memory-error.ts";
import type { MemoryBounds } from "../options.ts";
import { Connection } from "./connection.ts";
import type { Mechanics } from "./mechanics.ts";
import type { Rules } from "./store.ts";
import { StoreTable } from "./store-table.ts";

/**
 * The broker of a character, and all that its sessions share. It has no clock and no timer: whoever acts brings the time, everything that fell due since
 * happens first, and a session that waits sets a timer of its own. So a process that dies takes no time away from the others.
 */
export class World {
  readonly rules: Rules;
  readonly stores: StoreTable;
  readonly #connections = new Set<Connection>();
  #isUp = true;

  constructor(
    rules: Pick<Rules, "profile"> & { readonly mechanics: Mechanics },
    bounds: MemoryBounds,
    namespace: string,
  ) {
    this.rules = { ...rules, books: new Books(bounds) };
    this.stores = new StoreTable(namespace, this.rules);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Throws `UNAVAILABLE` during an outage. */
  checkUp(): void {
    if (!this.#isUp) throw new MemoryError("UNAVAILABLE", "the broker is away");
  }

  connect(client: ConstructorParameters<typeof Connection>[0]): Connection {
    this.checkUp();
    const connection = new Connection(client);
    this.#connections.add(connection);
    return connection;
  }

  /**
   * Ends a connection. Orderly: what it holds is released without penalty. Else it was lost: where the lease is the session's, what it holds goes back
   * and counts as lost; where the broker's clock owns the leases, they just run out.
   */
  disconnect(connection: Connection, orderly: boolean, nowMs: number): void {
    if (!connection.isOpen) return;
    connection.isOpen = false;
    this.#connections.delete(connection);
    const isSession = this.rules.profile.lease.kind === "session";
    for (const leave of [...connection.leaving]) leave();
    // Newest first, so that the oldest ends up at the head.
    for (const grant of [...connection.grants].reverse()) {
      if (orderly) grant.home.release(grant, 0, nowMs);
      else if (isSession) grant.home.lose(grant);
    }
  }

  /** Everything that fell due happens. At the beginning of whatever anybody does. */
  tick(nowMs: number): void {
    for (const connection of [...this.#connections]) {
      if (connection.diesAtMs <= nowMs) this.#cut(connection, "the broker has heard nothing for too long", nowMs);
    }
    for (const store of this.stores.all()) store.advance(nowMs);
  }

  /** What is ready is handed to those who wait. At the end of whatever anybody does. */
  settle(nowMs: number): void {
    if (!this.#isUp) return;
    let nextAtMs = Number.POSITIVE_INFINITY;
    for (const store of this.stores.all()) store.serve(nowMs);
    for (const { nextAtMs: atMs } of this.stores.all()) nextAtMs = Math.min(nextAtMs, atMs);
    for (const { diesAtMs } of this.#connections) nextAtMs = Math.min(nextAtMs, diesAtMs);
    if (nextAtMs < Number.POSITIVE_INFINITY) for (const connection of this.#connections) connection.wakeAt(nextAtMs);
  }

  /** The broker goes away: what is not durable is gone, and so is every session. */
  stop(keep: boolean, nowMs: number): void {
    this.tick(nowMs);
    this.#isUp = false;
    if (this.rules.profile.lease.kind === "session") {
      for (const connection of [...this.#connections]) this.#cut(connection, "the broker has stopped", nowMs);
    }
    if (!keep) for (const store of this.stores.all()) store.clear();
  }

  /** It is there again. */
  start(nowMs: number): void {
    this.#isUp = true;
    this.tick(nowMs);
    this.settle(nowMs);
  }

  /** A connection breaks that nobody closed. */
  cut(connection: Connection, nowMs: number): void {
    this.tick(nowMs);
    this.#cut(connection, "the connection was reset", nowMs);
    this.settle(nowMs);
  }

  #cut(connection: Connection, why: string, nowMs: number): void {
    if (!connection.isOpen) return;
    this.disconnect(connection, false, nowMs);
    connection.ended(new MemoryError("UNAVAILABLE", why));
  }
}
