import { type Clock, type Queue, queueKey } from "../contract/index.ts";
import type { Books } from "./books.ts";
import { Ids } from "./ids.ts";
import { missingError } from "./memory-error.ts";
import { QueueStore } from "./queue-store.ts";

/** The queues of one backend, by name. */
export class QueueTable {
  /** May a queue that nobody opened be made when it is needed? */
  create = false;
  readonly #namespace: string;
  readonly #books: Books;
  readonly #stores = new Map<string, QueueStore>();
  /** What each `Queue` object led to: core uses the same objects again and again, and a key is a text to be made. */
  readonly #known = new WeakMap<Queue, QueueStore>();
  /** Removed for good. Reply queues are not in it: their names do not come again, and they are gone whenever they are not there. */
  readonly #removed = new Set<string>();
  readonly #families = new Map<string, Ids>();

  constructor(namespace: string, books: Books) {
    this.#namespace = namespace;
    this.#books = books;
  }

  /** Makes the queue, unless it is there. */
  open(queue: Queue, clock: Clock): QueueStore {
    const key = queueKey(queue);
    let store = this.#stores.get(key);
    if (store === undefined) {
      store = new QueueStore(queue, this.#idsOf(queue), this.#books, clock);
      this.#stores.set(key, store);
    }
    this.#known.set(queue, store);
    return store;
  }

  /** The queue to send to; `undefined` if it is gone. Throws `MISSING` for one that never was and may not be made. */
  target(queue: Queue, clock: Clock): QueueStore | undefined {
    const known = this.#known.get(queue);
    if (known !== undefined && !known.ended) return known;
    const key = queueKey(queue);
    if (!this.#stores.has(key)) {
      if (queue.role === "reply" || this.#removed.has(key)) return undefined;
      if (!this.create) throw missingError(queue, this.#namespace);
    }
    return this.open(queue, clock);
  }

  /** The queue to receive from, or to look into. Throws `MISSING` also for one that is gone. */
  source(queue: Queue, clock: Clock): QueueStore {
    const store = this.target(queue, clock);
    if (store === undefined) throw missingError(queue, this.#namespace);
    return store;
  }

  remove(queue: Queue): void {
    const key = queueKey(queue);
    this.#stores.get(key)?.end();
    this.#stores.delete(key);
    if (queue.role !== "reply") this.#removed.add(key);
  }

  clear(): void {
    for (const store of this.#stores.values()) store.end();
    this.#stores.clear();
  }

  /** Replies and dead letters are no tasks: the id of a task that died is free again. */
  #idsOf(queue: Queue): Ids | undefined {
    if (queue.role === "reply" || queue.role === "dead") return undefined;
    let ids = this.#families.get(queue.of);
    if (ids === undefined) {
      ids = new Ids();
      this.#families.set(queue.of, ids);
    }
    return ids;
  }
}
