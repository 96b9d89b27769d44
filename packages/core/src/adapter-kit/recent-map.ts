/** So many coordinators are more than any worker answers at a time. */
const MOST = 1_000;

/**
 * What an adapter has found out of queues that come and go, above all of coordinators' reply queues, by a queue's key: the last thousand of them. What
 * it drops can be found again; a worker that lives for months would keep every coordinator that there ever was.
 */
export class RecentMap<V> {
  readonly #items = new Map<string, V>();

  get size(): number {
    return this.#items.size;
  }

  get(key: string): V | undefined {
    return this.#items.get(key);
  }

  /** The one that was set first goes, where they become too many. */
  set(key: string, value: V): void {
    this.#items.set(key, value);
    if (this.#items.size <= MOST) return;
    for (const oldest of this.#items.keys()) {
      this.#items.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.#items.delete(key);
  }
}
