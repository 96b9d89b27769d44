import { WINDOW_OFFSETS } from "@org/dispatch-core/adapter-kit";
import { type Profile, UNLIMITED } from "@org/dispatch-core/contract";

/** `max.message.bytes` is 1,048,588 with the overhead of a batch and of its records: 900 KiB are safe (Kafka topic configuration). */
export const MOST_FRAME_BYTES = 900 * 1024;
/** So many records of one send have room for their overhead beside the bytes. */
export const BATCH_FRAMES = 1_000;
/** What a batch has beside the bytes of its frames: 61 bytes, up to 16 a record, and their keys. */
export const BATCH_OVERHEAD_BYTES = 64 + 40 * BATCH_FRAMES;
export const RECORD_OVERHEAD_BYTES = 16;
/** What is done is committed so long after, at most: with the next hand-out, mostly. A task that was lost twice waits for as much (core's rest). */
export const ACK_LAG_MS = 200;

export interface Facts {
  readonly partitions: number;
  readonly sessionTimeoutMs: number;
  readonly retentionMs: number;
  readonly replyRetentionMs: number;
  readonly frameBytes: number;
}

/** What a consumer group over topics can do, as this adapter uses it. */
export function kafkaProfile({
  partitions,
  sessionTimeoutMs,
  retentionMs,
  replyRetentionMs,
  frameBytes,
}: Facts): Profile {
  return {
    lease: { kind: "session", totalCapMs: UNLIMITED, detectionMs: sessionTimeoutMs },
    // A commit is refused from a member of an earlier generation; whether the partition is the member's the broker does not ask (KAFKA-19779).
    fencing: "generation",
    releaseDelayMs: 0,
    sendDelayMs: 0,
    priorityLevels: 0,
    priorityOrder: "none",
    starvationGrants: 0,
    requeueKeepsPriority: true,
    // The grant mark tells one loss from none.
    redelivery: "once",
    order: "partition",
    sharing: "partition",
    dedupeWindowMs: 0,
    dedupeLive: false,
    retentionMs,
    replyRetentionMs,
    ackLagMs: ACK_LAG_MS,
    pollMs: 0,
    wire: "bytes",
    reach: "network",
    durability: "restart",
    // Replies of all coordinators share a topic: nobody learns that one of them has gone.
    knowsGone: false,
    verbs: ["depth", "browse", "purge"],
    limits: {
      frameBytes,
      batchFrames: BATCH_FRAMES,
      batchBytes: frameBytes,
      inFlight: partitions * WINDOW_OFFSETS,
      delayPrecisionMs: 100,
    },
  };
}
