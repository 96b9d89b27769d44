import { type Profile, UNLIMITED } from "../contract/index.ts";

/** Every so many grants of a queue, one goes to the frame that has waited longest. */
export const STARVATION_GRANTS = 16;

/** Native priorities 0–10. */
export const PRIORITY_LEVELS = 11;

/** 64 MiB: far above what a task should weigh, low enough that one frame cannot take the heap. */
export const FRAME_BYTES = 64 * 1024 * 1024;

/** What the memory backend can do: everything that one process can, exactly and at once; nothing that outlives it. */
export const memoryProfile: Profile = Object.freeze({
  lease: Object.freeze({ kind: "timed", stepMs: 1, totalCapMs: UNLIMITED }),
  fencing: "strict",
  releaseDelayMs: UNLIMITED,
  sendDelayMs: UNLIMITED,
  priorityLevels: PRIORITY_LEVELS,
  priorityOrder: "strict",
  starvationGrants: STARVATION_GRANTS,
  requeueKeepsPriority: true,
  redelivery: "losses",
  order: "fifo",
  sharing: "message",
  dedupeWindowMs: 0,
  dedupeLive: true,
  retentionMs: UNLIMITED,
  replyRetentionMs: UNLIMITED,
  ackLagMs: 0,
  pollMs: 0,
  wire: "bytes",
  reach: "process",
  durability: "none",
  knowsGone: true,
  verbs: Object.freeze(["move", "depth", "browse", "purge", "remove"] as const),
  limits: Object.freeze({
    frameBytes: FRAME_BYTES,
    batchFrames: 1000,
    batchBytes: FRAME_BYTES,
    inFlight: UNLIMITED,
    delayPrecisionMs: 1,
  }),
});
