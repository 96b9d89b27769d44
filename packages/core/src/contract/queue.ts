/**
 * What a queue is for. `work` has one queue per lane; `reply` one per coordinator; `dead` holds dead letters; `later` and `tier` hold tasks whose
 * time has not come.
 */
export type QueueRole = "work" | "reply" | "dead" | "later" | "tier";

/**
 * One queue of a broker, as core names it; an adapter turns it into its own name (`NAMESPACE-QUEUE`, `NAMESPACE-QUEUE-dead`, …).
 *
 * All queues with the same `of` are one *family*: a broker may keep them together (one slot of a Redis Cluster), and a `Move` stays within it.
 */
export interface Queue {
  readonly role: QueueRole;
  /** The lane of a work queue, the owner's id of a reply queue, the delay of a tier; `"dead"` and `"later"` for the other two. */
  readonly name: string;
  /** The user's queue to which it belongs; a tier belongs to the namespace and has `""`. */
  readonly of: string;
}

/** A text that is equal for equal queues; for keys of a Map, never sent anywhere. */
export function queueKey(queue: Queue): string {
  return `${queue.of}/${queue.role}/${queue.name}`;
}
