import { type Profile, UNLIMITED } from "@org/dispatch-core/contract";

/** Every so many grants of a queue, one goes to the frame that has waited longest. */
export const STARVATION_GRANTS = 16;

/** Redis takes 512 MB a string (https://redis.io/docs/latest/develop/data-types/strings/); a mebibyte keeps one script short. */
const FRAME_BYTES = 1024 * 1024;

/** A script over so many frames holds up the server for about 3 ms. */
const BATCH_FRAMES = 500;

const DAY_MS = 86_400_000;

/** What Redis can do with these scripts; `durability: none` where the server keeps nothing on disk is for the user to know (README). */
export function redisProfile(dedupeWindowMs: number): Profile {
  return {
    lease: { kind: "timed", stepMs: 1, totalCapMs: UNLIMITED },
    // The lease's own name carries the fence: a holder from before cannot name the next holder's.
    fencing: "strict",
    releaseDelayMs: UNLIMITED,
    sendDelayMs: UNLIMITED,
    priorityLevels: 11,
    priorityOrder: "strict",
    starvationGrants: STARVATION_GRANTS,
    requeueKeepsPriority: true,
    redelivery: "losses",
    order: "fifo",
    sharing: "message",
    dedupeWindowMs,
    dedupeLive: true,
    retentionMs: UNLIMITED,
    // PEXPIRE, put off at each look of the reader: https://redis.io/docs/latest/commands/pexpire/
    replyRetentionMs: DAY_MS,
    ackLagMs: 0,
    pollMs: 0,
    wire: "bytes",
    reach: "network",
    durability: "restart",
    knowsGone: true,
    verbs: ["move", "depth", "browse", "purge", "remove"],
    limits: {
      frameBytes: FRAME_BYTES,
      batchFrames: BATCH_FRAMES,
      batchBytes: 8 * FRAME_BYTES,
      inFlight: UNLIMITED,
      delayPrecisionMs: 5,
    },
  };
}
