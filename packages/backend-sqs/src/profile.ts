import type { Profile } from "@org/dispatch-core/contract";

const DAY_MS = 86_400_000;

/** Numbers: Amazon SQS Developer Guide, "Amazon SQS message quotas" and "Amazon SQS visibility timeout". */
export const MOST_FRAME_BYTES = 1_048_576;
export const MOST_BATCH_FRAMES = 10;
export const MOST_LEASE_MS = 43_200_000;
/** A visibility timeout counts from the receive, as all of its time does: beyond twelve hours in all it is refused. One of them is left to whoever held it. */
export const MOST_RELEASE_MS = MOST_LEASE_MS - 3_600_000;
export const MOST_SEND_DELAY_MS = 900_000;
/** WaitTimeSeconds of ReceiveMessage. */
export const MOST_POLL_MS = 20_000;
/** MessageRetentionPeriod. */
export const RETENTION_MS = 14 * DAY_MS;
/** DelaySeconds, VisibilityTimeout and WaitTimeSeconds are whole seconds. */
export const STEP_MS = 1_000;

/** What FIFO queues do otherwise. */
const FIFO: Partial<Profile> = {
  // Of one message group, which is the `key` of a task.
  order: "partition",
  // "FIFO queues don't support timers on individual messages" (Developer Guide, "Amazon SQS message timers"): core delays by releases.
  sendDelayMs: 0,
};

/** What standard queues can do, or lanes that are FIFO queues. */
export function sqsProfile(frameBytes: number, pollMs: number, fifo: boolean): Profile {
  return {
    // At most 12 hours in all from the receive; more is an error, and not cut.
    lease: { kind: "timed", stepMs: STEP_MS, totalCapMs: MOST_LEASE_MS },
    // DeleteMessage with an old handle: "the request will succeed, but the message might not be deleted" (API reference).
    fencing: "best-effort",
    releaseDelayMs: MOST_RELEASE_MS,
    sendDelayMs: MOST_SEND_DELAY_MS,
    priorityLevels: 0,
    priorityOrder: "none",
    starvationGrants: 0,
    requeueKeepsPriority: true,
    // ApproximateReceiveCount goes up with every receive.
    redelivery: "grants",
    order: "none",
    sharing: "message",
    dedupeWindowMs: 0,
    dedupeLive: false,
    retentionMs: RETENTION_MS,
    replyRetentionMs: RETENTION_MS,
    ackLagMs: 0,
    pollMs,
    wire: "ascii",
    reach: "network",
    durability: "restart",
    knowsGone: true,
    // PurgeQueue takes what is leased too, so a purge is a receive and a delete, and nobody receives what is delayed.
    purgesDelayed: false,
    verbs: ["depth", "browse", "purge", "remove"],
    limits: {
      frameBytes,
      batchFrames: MOST_BATCH_FRAMES,
      batchBytes: MOST_FRAME_BYTES,
      inFlight: 120_000,
      delayPrecisionMs: STEP_MS,
    },
    ...(fifo && FIFO),
  };
}

/** Whole seconds, never less than was asked for. */
export function secondsOf(ms: number): number {
  return Math.ceil(ms / STEP_MS);
}
