import { type Queue, queueKey } from "../../contract/index.ts";
import { missingError, missingQueuesError } from "../memory-error.ts";
import { Family } from "./family.ts";
import { LogQueue } from "./log-queue.ts";
import { MessageQueue } from "./message-queue.ts";
import type { Rules, Store } from "./store.ts";

/** The queues of one world, by name. */
export class StoreTable {
  /** May a queue that nobody opened be made when it is needed? */
  create = false;
  readonly #namespace: string;
  readonly #rules: Rules;
  readonly #stores = new Map<string, Store>();
  /** What each `Queue` object led to: core uses the same objects again and again. */
  readonly #known = new WeakMap<Queue, Store>();
  /** Removed for good. Reply queues are not in it: they are gone whenever they are not there. */
  readonly #removed = new Set<string>();
  readonly #families = new Map<string, Family>();

  constructor(namespace: string, rules: Rules) {
    this.#namespace = namespace;
    this.#rules = rules;
  }

  all(): IterableIterator<Store> {
    return this.#stores.values();
  }

  /** Makes the queues, unless they are there. Throws `MISSING` with all that are not and must not be made, and makes none then. */
  openAll(queues: readonly Queue[], create: boolean, nowMs: number): void {
    const missing = new Map(
      queues
        .filter((queue) => !create && queue.role !== "reply" && !this.#stores.has(queueKey(queue)))
        .map((queue) => [queueKey(queue), queue]),
    );
    if (missing.size > 0) throw missingQueuesError([...missing.values()], this.#namespace);
    for (const queue of queues) this.open(queue, create, nowMs);
  }

  /** Makes the queue, unless it is there. Throws `MISSING` where it is not and must not be made; a reply queue is always its owner's to make. */
  open(queue: Queue, create: boolean, nowMs: number): Store {
    this.#forgetUnread(queue, nowMs);
    const key = queueKey(queue);
    let store = this.#stores.get(key);
    if (store === undefined) {
      if (!create && queue.role !== "reply") throw missingError(queue, this.#namespace);
      const { sharing } = this.#rules.profile;
      store =
        sharing === "partition"
          ? new LogQueue(queue, this.#rules, nowMs)
          : new MessageQueue(queue, { rules: this.#rules, family: this.#familyOf(queue) }, nowMs);
      this.#stores.set(key, store);
    }
    this.#known.set(queue, store);
    return store;
  }

  /** The queue to send to; `undefined` if it is gone. Throws `MISSING` for one that never was and may not be made. */
  target(queue: Queue, nowMs: number): Store | undefined {
    this.#forgetUnread(queue, nowMs);
    const known = this.#known.get(queue);
    if (known !== undefined && !known.isEnded) return known;
    const key = queueKey(queue);
    if (!this.#stores.has(key) && (queue.role === "reply" || this.#removed.has(key))) return undefined;
    return this.open(queue, this.create, nowMs);
  }

  /** The queue to receive from, or to look into. Throws `MISSING` also for one that is gone. */
  source(queue: Queue, nowMs: number): Store {
    const store = this.target(queue, nowMs);
    if (store === undefined) throw missingError(queue, this.#namespace);
    return store;
  }

  remove(queue: Queue): void {
    const key = queueKey(queue);
    this.#stores.get(key)?.end();
    this.#stores.delete(key);
    if (queue.role !== "reply") this.#removed.add(key);
  }

  /** A reply queue outlives its last reader only so long. In a log it is not the queue that goes, but what lies in it. */
  #forgetUnread(queue: Queue, nowMs: number): void {
    const { replyRetentionMs, sharing } = this.#rules.profile;
    if (queue.role !== "reply" || sharing === "partition") return;
    const store = this.#stores.get(queueKey(queue));
    if (store !== undefined && store.readAtMs + replyRetentionMs <= nowMs) this.remove(queue);
  }

  /** Replies and dead letters are no tasks: the id of a task that died is free again. */
  #familyOf(queue: Queue): Family | undefined {
    if (queue.role === "reply" || queue.role === "dead") return undefined;
    let family = this.#families.get(queue.of);
    if (family === undefined) {
      family = new Family(this.#rules.profile);
      this.#families.set(queue.of, family);
    }
    return family;
  }
}
