/** A number that stands for "no limit" in a profile: it survives JSON, which `Infinity` does not. */
export const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** How the broker knows that a holder is gone. */
export type LeaseKind =
  | {
      readonly kind: "timed";
      /** The broker rounds a lease up to multiples of this. */
      readonly stepMs: number;
      /** The longest time for which one delivery can be held, all renewals included; `UNLIMITED` where there is none. */
      readonly totalCapMs: number;
    }
  | {
      readonly kind: "session";
      readonly totalCapMs: number;
      /** How long the broker takes, at most, to notice that a session is dead. */
      readonly detectionMs: number;
    };

/**
 * What a broker can do: facts with units, never names of features. Zero or `"none"` means that it cannot. Core plans from it, and only it may rule
 * out a case of the conformance suite, which tests each value that a fact can take.
 */
export interface Profile {
  readonly lease: LeaseKind;
  /** Does the broker refuse a settlement by a holder whose lease is over? `generation`: only when the client keeps to its assignment. */
  readonly fencing: "strict" | "generation" | "best-effort";
  /** The longest delay of a release in ms; 0: only at once. */
  readonly releaseDelayMs: number;
  /** The longest native delay of a send in ms; 0: none, core emulates by delayed releases, or by tiers. */
  readonly sendDelayMs: number;
  /** How many native priorities there are (11 takes 0–10 as they are); 0: none, core emulates by lanes. */
  readonly priorityLevels: number;
  /** With native priorities: `strict` hands out the highest first; `mixed` in a ratio of its own. */
  readonly priorityOrder: "strict" | "mixed" | "none";
  /** Of so many grants in a row, at least one goes to the frame that has waited longest; 0: nothing bounds starvation. */
  readonly starvationGrants: number;
  /** Does a released frame keep its priority? */
  readonly requeueKeepsPriority: boolean;
  /** What `Delivery.redelivery` counts: only losses; every grant; or `once`: a flag, or nothing. */
  readonly redelivery: "losses" | "grants" | "once";
  /**
   * May one loss count several times, because what was on its way to holders that were gone counts, too? Absent: no. Then of what one delivery counts no more than
   * one loss is believed, and core writes that into a copy before it runs it, as with `once`.
   */
  readonly countsUnheld?: boolean;
  /** In which order frames of one priority come: as sent; as sent within a partition; or in any. */
  readonly order: "fifo" | "partition" | "none";
  /** What receivers share: single messages, or whole partitions. */
  readonly sharing: "message" | "partition";
  /** For how long after its first send an id is refused as a duplicate; 0: never; `live` below may still hold. */
  readonly dedupeWindowMs: number;
  /** Is an id refused as a duplicate as long as a frame of it is in the broker? */
  readonly dedupeLive: boolean;
  /** How long an unread frame is kept. */
  readonly retentionMs: number;
  /** How long a reply queue outlives its last reader. */
  readonly replyRetentionMs: number;
  /** An ack is durable only after so long; 0: when `settle` answers. */
  readonly ackLagMs: number;
  /** How long an aborted `receive` may go on in the background, because the broker's poll cannot be called back. */
  readonly pollMs: number;
  /** `ascii`: the body of a frame may only hold text, core encodes it. */
  readonly wire: "bytes" | "ascii";
  /** Who can reach the same queues: this process, or others over a network. */
  readonly reach: "process" | "network";
  /** What survives a restart of the broker: nothing, or what was acknowledged. */
  readonly durability: "none" | "restart";
  /** Does a sender learn that a queue is gone (`"gone"`), or is the frame just lost? */
  readonly knowsGone: boolean;
  /** Does `purge` remove what is delayed too? Absent: yes. `false`: only what is ready; the rest stays until its time has come. */
  readonly purgesDelayed?: boolean;
  /** What `depth` counts. Absent: `all`. `ready`: beside what is ready, only what this very backend holds; what others hold and what is delayed is not told. */
  readonly depthShows?: "all" | "ready";
  /** The optional verbs that the backend has. */
  readonly verbs: readonly OptionalVerb[];
  readonly limits: Limits;
}

export type OptionalVerb = "move" | "depth" | "browse" | "purge" | "remove";

export interface Limits {
  /** The largest frame, in bytes as they stand on the wire. */
  readonly frameBytes: number;
  /** The most frames of one `send`, receipts of one `renew` or `settle`, or moves of one `move`; core cuts batches to it. */
  readonly batchFrames: number;
  /** The most bytes of one `send`. */
  readonly batchBytes: number;
  /** The most frames of a queue that may be held at a time. */
  readonly inFlight: number;
  /** A delay may end so much late. */
  readonly delayPrecisionMs: number;
}
