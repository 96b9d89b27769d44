import type { Clock } from "../contract/index.ts";

export interface BellPort {
  readonly clock: Clock;
  /**
   * Waits once at the broker, for a bounded time: `true` when it was rung, `false` when that time is over. Must settle even on a dead connection; what
   * it throws is thrown by every `wait`.
   */
  listen(): Promise<boolean>;
  /** It was rung, and nobody waits here any more: somebody else should hear of it. Must not throw. */
  unheard(): void;
}

interface Waiter {
  readonly wake: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Lets receivers wait for a broker's sign that there may be something, without asking again and again. The broker is listened to only while somebody
 * waits, once for all of them; each is woken by the ring, by the end of a listening, by its own time, or by its signal, and then looks for itself.
 */
export class Bell {
  readonly #port: BellPort;
  readonly #waiters = new Set<Waiter>();
  #listening = false;
  #closed = false;

  constructor(port: BellPort) {
    this.#port = port;
  }

  /** Resolves when it is worth looking, after `ms` at the latest. Rejects with what `listen` has thrown. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#closed || signal.aborted || ms <= 0) return;
    const { promise, resolve, reject: fail } = Promise.withResolvers<void>();
    const wake = () => resolve();
    const waiter = { wake, fail };
    this.#waiters.add(waiter);
    const timer = this.#port.clock.after(Math.ceil(ms), wake);
    signal.addEventListener("abort", wake, { once: true });
    if (!this.#listening) void this.#listen();
    try {
      await promise;
    } finally {
      this.#waiters.delete(waiter);
      timer.cancel();
      signal.removeEventListener("abort", wake);
    }
  }

  /** Wakes all, and lets nobody wait any more. */
  close(): void {
    this.#closed = true;
    for (const { wake } of this.#waiters) wake();
  }

  async #listen(): Promise<void> {
    this.#listening = true;
    try {
      while (this.#waiters.size > 0 && !this.#closed) {
        const rung = await this.#port.listen();
        if (rung && this.#waiters.size === 0) this.#port.unheard();
        for (const { wake } of this.#waiters) wake();
        // Whoever looks, finds nothing and waits again does so before the broker is listened to again, or starts it.
        await Promise.resolve();
      }
    } catch (error) {
      for (const { fail } of this.#waiters) fail(error);
    } finally {
      this.#listening = false;
    }
  }
}
