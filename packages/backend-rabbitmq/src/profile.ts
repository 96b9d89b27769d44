import { type Profile, UNLIMITED } from "@org/dispatch-core/contract";
import { MOST_DELAY_MS } from "./ladder.ts";

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;

/** max_message_size: 16 MiB since 4.0 (https://www.rabbitmq.com/docs/configure). */
export const MOST_FRAME_BYTES = 16 * MIB;
/** What is much larger holds up the others on its connection, and lies in the log of every replica. */
export const FRAME_BYTES = MIB;
/** So many are published before their confirms are waited for, by one call. */
const BATCH_FRAMES = 1_000;
/** x-expires of a reply queue: without a reader for so long it goes (https://www.rabbitmq.com/docs/ttl#queue-ttl). */
export const REPLY_RETENTION_MS = DAY_MS;
/** consumer_timeout: 30 minutes (https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout). */
export const CONSUMER_TIMEOUT_MS = 1_800_000;
/** The server looks once an interval, and gives up at the third look without a sign (rabbit_heartbeat.erl: two that were missed, seen at the third). */
export const MISSED_HEARTBEATS = 3;
/** A delay goes down the ladder step by step; each of up to 28 may be some 20 ms late. */
const DELAY_PRECISION_MS = 500;

/** How priorities are kept: by core's three queues; by a quorum queue of 4.3; by a classic queue with `x-max-priority`. */
export type PriorityStrategy = "lanes" | "native" | "classic";

export interface ProfileFacts {
  readonly priority: PriorityStrategy;
  readonly durable: boolean;
  readonly heartbeatMs: number;
  readonly consumerTimeoutMs: number;
  readonly frameBytes: number;
  readonly prefetchCount: number;
}

/** What RabbitMQ can do with queues of this kind. */
export function rabbitProfile(facts: ProfileFacts): Profile {
  const { priority, durable, heartbeatMs, consumerTimeoutMs, frameBytes, prefetchCount } = facts;
  const hasPriorities = priority !== "lanes";
  const isQuorum = durable && priority !== "classic";
  return {
    lease: { kind: "session", totalCapMs: consumerTimeoutMs, detectionMs: MISSED_HEARTBEATS * heartbeatMs },
    // A delivery tag belongs to its channel (https://www.rabbitmq.com/docs/confirms#consumer-acks-delivery-tags).
    fencing: "strict",
    releaseDelayMs: 0,
    sendDelayMs: MOST_DELAY_MS,
    priorityLevels: hasPriorities ? 11 : 0,
    priorityOrder: hasPriorities ? "strict" : "none",
    // Nothing bounds what a flood of high priority does to the others, neither in quorum nor in classic queues.
    starvationGrants: 0,
    // Quorum queues hand out what came back before anything else, whatever its priority was (https://www.rabbitmq.com/docs/quorum-queues#priorities).
    requeueKeepsPriority: priority !== "native",
    // Quorum queues count (x-delivery-count), classic ones have a flag.
    redelivery: isQuorum ? "losses" : "once",
    // A server that stops, or finds its connections dead one after the other, sends what comes back to the next consumer that is about to end, at +1 each.
    ...(isQuorum && { countsUnheld: true }),
    order: "fifo",
    sharing: "message",
    dedupeWindowMs: 0,
    dedupeLive: false,
    retentionMs: UNLIMITED,
    replyRetentionMs: REPLY_RETENTION_MS,
    ackLagMs: 0,
    pollMs: 0,
    wire: "bytes",
    reach: "network",
    durability: durable ? "restart" : "none",
    knowsGone: true,
    // What is delayed lies in a ladder that all queues share.
    purgesDelayed: false,
    depthShows: "ready",
    verbs: ["depth", "browse", "purge", "remove"],
    limits: {
      frameBytes,
      batchFrames: BATCH_FRAMES,
      batchBytes: MOST_FRAME_BYTES,
      inFlight: prefetchCount,
      delayPrecisionMs: DELAY_PRECISION_MS,
    },
  };
}
