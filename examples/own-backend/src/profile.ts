import { type Profile, UNLIMITED } from "@org/dispatch-core/contract";

/** A waiting receive looks again after so long. */
export const LOOK_MS = 50;

/**
 * By how much two processes may be apart in what they take for the directory's time. A file's time moves in steps of the kernel's tick (10 ms at
 * the slowest), and each process adds what it cannot know of its own probe. What is delayed waits so much longer: never early, a little late.
 */
export const APART_MS = 20;

/** What a directory of files can do. What it cannot is said too: core does it instead. */
export const profile: Profile = {
  // A lease ends when the clock says so: its end stands in the file's name.
  lease: { kind: "timed", stepMs: 1, totalCapMs: UNLIMITED },
  // Each grant and each renewal gives the file another name: who knows only an older one finds nothing.
  fencing: "strict",
  releaseDelayMs: UNLIMITED,
  sendDelayMs: UNLIMITED,
  // The name holds it, and what is due is sorted by it. Nothing keeps a flood of high ones from starving the others.
  priorityLevels: 11,
  priorityOrder: "strict",
  starvationGrants: 0,
  requeueKeepsPriority: true,
  // The name counts expired leases. A release is no loss.
  redelivery: "losses",
  // Several processes number their files by themselves.
  order: "none",
  sharing: "message",
  dedupeWindowMs: 0,
  dedupeLive: false,
  retentionMs: UNLIMITED,
  replyRetentionMs: UNLIMITED,
  ackLagMs: 0,
  pollMs: 0,
  wire: "bytes",
  // Every process that sees the directory.
  reach: "network",
  // Files outlive every process.
  durability: "restart",
  // A removed directory takes no file.
  knowsGone: true,
  // No `move`: two renames are not one step.
  verbs: ["depth", "browse", "purge", "remove"],
  limits: {
    // Read as a whole, and 1,000 of them fit into the memory of a small machine.
    frameBytes: 1024 * 1024,
    // So many files are written at a time.
    batchFrames: 100,
    batchBytes: 16 * 1024 * 1024,
    inFlight: UNLIMITED,
    delayPrecisionMs: APART_MS + 2 * LOOK_MS,
  },
};
