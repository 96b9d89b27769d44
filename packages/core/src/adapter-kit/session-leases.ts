import type { Clock, Timer } from "../contract/index.ts";

export interface SessionLeasesPort<R> {
  readonly clock: Clock;
  /** Gives back what nobody renewed: the adapter tells its broker that the holder was lost. Called from a timer, with what is held no more. */
  expire(receipts: readonly R[]): void;
}

/**
 * The leases of one session broker's client. Such a broker only knows that a connection or a group member is alive, so each delivery gets a timer of its
 * own here: what is not renewed is given back by the adapter itself. A receipt is valid as long as it stands here; `clear` ends all, when the session
 * that they came from is over. Times are the clock's; one timer is set, for the first lease that may end.
 */
export class SessionLeases<R> {
  readonly #port: SessionLeasesPort<R>;
  /** When each lease ends, in ms on the clock. */
  readonly #endsAtMs = new Map<R, number>();
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(port: SessionLeasesPort<R>) {
    this.#port = port;
  }

  get size(): number {
    return this.#endsAtMs.size;
  }

  /** A delivery that was just handed out. */
  add(receipt: R, leaseMs: number): void {
    const endsAtMs = this.#port.clock.now() + leaseMs;
    this.#endsAtMs.set(receipt, endsAtMs);
    this.#arm(endsAtMs);
  }

  /** Is it held still? One whose time is over is not, even where its timer is late: a process that was frozen must not go on. */
  holds(receipt: R): boolean {
    return this.#port.clock.now() < (this.#endsAtMs.get(receipt) ?? Number.NEGATIVE_INFINITY);
  }

  /** At least `leaseMs` from now, never shorter than before; answers whether it is still held. */
  renew(receipt: R, leaseMs: number): boolean {
    if (!this.holds(receipt)) return false;
    const endsAtMs = this.#port.clock.now() + leaseMs;
    if (endsAtMs > (this.#endsAtMs.get(receipt) as number)) this.#endsAtMs.set(receipt, endsAtMs);
    return true;
  }

  /** Takes a receipt out, to settle it; answers whether it was still held. One that is over stays for the timer to give back. */
  end(receipt: R): boolean {
    return this.holds(receipt) && this.#endsAtMs.delete(receipt);
  }

  /** Ends all leases without giving anything back, and answers what was held: the session is over, or is being closed. */
  clear(): R[] {
    const held = [...this.#endsAtMs.keys()];
    this.#endsAtMs.clear();
    this.#disarm();
    return held;
  }

  /** A timer that is set for a lease that has been renewed or settled since wakes for nothing, once; that is cheaper than setting it anew each time. */
  #arm(atMs: number): void {
    if (atMs >= this.#timerAtMs) return;
    this.#disarm();
    this.#timerAtMs = atMs;
    // In the background: whoever holds the delivery keeps the process alive, not its lease.
    this.#timer = this.#port.clock.after(Math.ceil(atMs - this.#port.clock.now()), () => this.#expire(), true);
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  #expire(): void {
    this.#disarm();
    const nowMs = this.#port.clock.now();
    const over: R[] = [];
    let nextAtMs = Number.POSITIVE_INFINITY;
    for (const [receipt, endsAtMs] of this.#endsAtMs) {
      if (endsAtMs <= nowMs) over.push(receipt);
      else if (endsAtMs < nextAtMs) nextAtMs = endsAtMs;
    }
    for (const receipt of over) this.#endsAtMs.delete(receipt);
    if (nextAtMs < Number.POSITIVE_INFINITY) this.#arm(nextAtMs);
    if (over.length > 0) this.#port.expire(over);
  }
}
