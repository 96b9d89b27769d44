import { type Profile, UNLIMITED } from "../../contract/index.ts";
import { memoryProfile } from "../profile.ts";
import type { Mechanics } from "./mechanics.ts";

/** Brokers whose facts a memory backend can have. The word chooses a profile and mechanics, here, and is never asked again. */
export type Character = "redis" | "sqs" | "rabbitmq" | "kafka";

interface Preset {
  readonly profile: Profile;
  readonly mechanics: Partial<Mechanics>;
}

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;

/** What every character shares: it lives in this process, and pretends to survive a restart. */
const common = { reach: "process", durability: "restart" } as const;

/** Lists, a sorted set of leases, and scripts that are one step each: everything that one server can do. */
const redis: Preset = {
  profile: {
    ...memoryProfile,
    ...common,
    // A stream or list of replies is kept for a day after its last reader (EXPIRE, https://redis.io/docs/latest/commands/expire/).
    replyRetentionMs: DAY_MS,
    limits: {
      // Redis itself takes 512 MB a string (https://redis.io/docs/latest/develop/data-types/strings/); a mebibyte keeps one script short.
      frameBytes: MIB,
      // A script over 500 frames holds up the server for about 3 ms.
      batchFrames: 500,
      batchBytes: 8 * MIB,
      inFlight: UNLIMITED,
      delayPrecisionMs: 5,
    },
  },
  mechanics: {},
};

/** Standard queues. Numbers: Amazon SQS Developer Guide, "Amazon SQS message quotas" and "Amazon SQS visibility timeout". */
const sqs: Preset = {
  profile: {
    ...memoryProfile,
    ...common,
    // VisibilityTimeout: whole seconds, at most 12 hours in all from the receive; more is an error and not cut.
    lease: { kind: "timed", stepMs: 1_000, totalCapMs: 43_200_000 },
    // DeleteMessage with an old handle: "the request will succeed, but the message might not be deleted" (API reference, DeleteMessage).
    fencing: "best-effort",
    releaseDelayMs: 43_200_000,
    // DelaySeconds: at most 900.
    sendDelayMs: 900_000,
    priorityLevels: 0,
    priorityOrder: "none",
    starvationGrants: 0,
    // ApproximateReceiveCount goes up with every receive.
    redelivery: "grants",
    order: "none",
    dedupeLive: false,
    // MessageRetentionPeriod: at most 14 days.
    retentionMs: 14 * DAY_MS,
    replyRetentionMs: 14 * DAY_MS,
    // WaitTimeSeconds: at most 20. A poll that is aborted still takes messages (aws-sdk-js issue 2350).
    pollMs: 20_000,
    wire: "ascii",
    // PurgeQueue takes what is leased too, so a purge is a receive and a delete, and nobody receives what is delayed.
    purgesDelayed: false,
    verbs: ["depth", "browse", "purge", "remove"],
    limits: {
      // A message, and a batch as a whole: 1 MiB (1,048,576 bytes) since 2025.
      frameBytes: MIB,
      batchFrames: 10,
      batchBytes: MIB,
      // About 120,000 in flight a queue.
      inFlight: 120_000,
      delayPrecisionMs: 1_000,
    },
  },
  // ReceiveMessage brings at most 10. Only dead letters can be looked at, because looking is receiving, and receiving counts.
  mechanics: { receiveFrames: 10, exactDepth: false, browses: "dead" },
};

/** Quorum queues of 4.3: a rejected delivery and a lost channel count, a nack does not (https://www.rabbitmq.com/docs/quorum-queues). */
const rabbitmq: Preset = {
  profile: {
    ...memoryProfile,
    ...common,
    lease: {
      kind: "session",
      // consumer_timeout: 30 minutes (https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout).
      totalCapMs: 1_800_000,
      // heartbeat: 10 s; a client is gone after two that were missed (https://www.rabbitmq.com/docs/heartbeats).
      detectionMs: 20_000,
    },
    // A delivery tag belongs to its channel (https://www.rabbitmq.com/docs/confirms#consumer-acks-delivery-tags).
    fencing: "strict",
    // What was on its way to a channel that ended counts as what was in hand.
    countsUnheld: true,
    releaseDelayMs: 0,
    // A ladder of 28 TTL queues, the lowest of 100 ms: (2^28 - 1) × 100 ms, which is 310 days.
    sendDelayMs: 26_843_545_500,
    priorityLevels: 0,
    priorityOrder: "none",
    starvationGrants: 0,
    dedupeLive: false,
    // x-expires of a reply queue (https://www.rabbitmq.com/docs/ttl#queue-ttl).
    replyRetentionMs: DAY_MS,
    verbs: ["depth", "browse", "purge", "remove"],
    limits: {
      // max_message_size: 16 MiB since 4.0 (https://www.rabbitmq.com/docs/configure).
      frameBytes: 16 * MIB,
      // As many as are published before the confirms are awaited.
      batchFrames: 1_000,
      batchBytes: 16 * MIB,
      inFlight: UNLIMITED,
      delayPrecisionMs: 100,
    },
  },
  // A passive declare tells what is ready, and nothing of what is unacknowledged.
  mechanics: { lingerMs: 1_000, exactDepth: false },
};

/** The classic group protocol, one topic a queue, as the adapter keeps its ledger (Apache Kafka documentation, "Consumer Configs", "Broker Configs"). */
const kafka: Preset = {
  profile: {
    ...memoryProfile,
    ...common,
    // session.timeout.ms; the classic default was 10 s, today's is 45 s.
    lease: { kind: "session", totalCapMs: UNLIMITED, detectionMs: 10_000 },
    // A commit is checked for its member and generation, not for who has the partition (KAFKA-19779).
    fencing: "generation",
    releaseDelayMs: 0,
    sendDelayMs: 0,
    priorityLevels: 0,
    priorityOrder: "none",
    starvationGrants: 0,
    redelivery: "once",
    order: "partition",
    sharing: "partition",
    dedupeLive: false,
    // retention.ms=-1: what nobody has read must not go by age.
    retentionMs: UNLIMITED,
    replyRetentionMs: DAY_MS,
    ackLagMs: 1_000,
    // Replies of all coordinators share a topic: nobody learns that one of them has gone.
    knowsGone: false,
    verbs: ["depth", "browse", "purge"],
    limits: {
      // max.message.bytes is 1 MiB with the batch's overhead: 900 KiB are safe.
      frameBytes: 900 * 1024,
      batchFrames: 1_000,
      batchBytes: 900 * 1024,
      // Three partitions, 16,000 offsets each: what the note of a commit can hold.
      inFlight: 48_000,
      delayPrecisionMs: 100,
    },
  },
  mechanics: { partitions: 3, exactDepth: false },
};

export const characters: Readonly<Record<Character, Preset>> = Object.freeze({ redis, sqs, rabbitmq, kafka });
