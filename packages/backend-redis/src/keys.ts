import type { Queue } from "@org/dispatch-core/contract";

/** One queue as the scripts see it. */
export interface Place {
  readonly queue: Queue;
  /** In the order that the scripts count on: m, t, l, d, w, c, u, then the lists from priority 10 down to 0. */
  readonly keys: readonly string[];
  /** The marker that wakes a receiver. */
  readonly marker: string;
  /** `i`: ids are kept apart, which tasks need. Replies and dead letters are no tasks: the id of a task that died is free again. */
  readonly kind: "i" | "n";
  /** How long it outlives its last reader, in ms; 0: for ever. */
  readonly keepMs: number;
}

const PARTS = ["m", "t", "l", "d", "w", "c", "u", ...Array.from({ length: 11 }, (_, index) => `r${10 - index}`)];

/** `NAMESPACE:{NAMESPACE:OF}:ROLE:NAME:PART`: one hash tag for a family, so that a cluster keeps it in one slot; names hold neither `:` nor braces. */
export function placeOf(namespace: string, queue: Queue, replyRetentionMs: number): Place {
  const { role, name, of } = queue;
  const base = `${namespace}:{${namespace}:${of}}:${role}:${name}:`;
  return {
    queue,
    keys: PARTS.map((part) => base + part),
    marker: `${base}w`,
    kind: role === "reply" || role === "dead" ? "n" : "i",
    keepMs: role === "reply" ? replyRetentionMs : 0,
  };
}
