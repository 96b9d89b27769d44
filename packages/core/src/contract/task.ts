import type { EndCode } from "./codes.ts";

/** How a task ends: each task of a run in exactly one of these. */
export type Outcome = "completed" | "dead" | "expired" | "cancelled";

/** Texts beside a payload, carried as they are (trace ids, tenants). Keys and values are strings. */
export type Headers = Readonly<Record<string, string>>;

/** An error as it crosses the wire. `message` is cut at 2 KiB, `stack` at 8 KiB; `cause` is the code that a handler's own error had. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly cause?: string | undefined;
  readonly stack?: string | undefined;
}

/** One task's end, as the caller of a run gets it. */
export interface Result<O = unknown> {
  /** The place of the input, from 0. */
  readonly index: number;
  /** `run/index`. */
  readonly id: string;
  /** The user's own id, if one was given. */
  readonly ref?: string | undefined;
  readonly outcome: Outcome;
  /** What the handler returned; only when completed. */
  readonly value?: O | undefined;
  /** Why it did not complete; only when it did not. */
  readonly error?: (WireError & { readonly code: EndCode }) | undefined;
  /** How often a handler was given the task and that counted: 0 when it never started. */
  readonly attempts: number;
  /** How often a holder of the task crashed or let its lease expire. */
  readonly lost: number;
  /** How long the accepted run of the handler took, in ms; 0 when none ran. */
  readonly durationMs: number;
}

/** The books of a run; `total` = completed + dead + expired + cancelled. */
export interface Summary {
  readonly run: string;
  readonly total: number;
  readonly completed: number;
  readonly dead: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly durationMs: number;
  /** Completed and dead ones. */
  readonly tasksPerSecond: number;
  /** Attempts beyond the first, summed over the tasks. */
  readonly retried: number;
  /** Crashes and expired leases, summed over the tasks. */
  readonly lost: number;
  /** Results that came from a round or a line of copies that was not the accepted one. */
  readonly fenced: number;
  /** Results for a task that had its outcome already. */
  readonly duplicates: number;
  readonly resent: number;
  /** Results of runs of an earlier coordinator under the same id, seen since the run before this one ended. */
  readonly orphans: number;
}

/** The result of one task as a worker writes it into a reply frame. */
export interface ResultEntry {
  readonly run: string;
  readonly index: number;
  readonly outcome: Outcome;
  readonly value?: unknown;
  readonly error?: (WireError & { readonly code: EndCode }) | undefined;
  readonly round: number;
  readonly attempts: number;
  readonly copy: number;
  readonly lost: number;
  readonly durationMs: number;
}

/** What a worker tells the coordinators whose frames it holds. Nothing held and nothing scheduled ends the watch. */
export interface Beat {
  readonly worker: string;
  readonly slots: number;
  readonly busy: number;
  /** Of its frames; a third of it is the time to its next beat. Absent: as long as the coordinator's own. */
  readonly leaseMs?: number | undefined;
  /** The frames in hand, as `[run, index]`, of a pack `[run, first, count]`; absent where they have not changed since the last beat. */
  readonly held?: readonly (readonly [run: string, first: number, count?: number])[] | undefined;
  /** Retries that this worker has scheduled since its last beat, with the delay that they have. */
  readonly retries: readonly (readonly [run: string, index: number, delayMs: number])[];
  /** Values that handlers reported by `context.progress`. */
  readonly progress: readonly (readonly [run: string, index: number, value: unknown])[];
}

/** An answer to a probe: the sender's own number of it. */
export interface ProbeAnswer {
  readonly run: string;
  readonly sequence: number;
}

/** Results that have nothing to say but their value: `[index, µs that the handler took, value, …]`, three for each task. */
export interface PlainResults {
  readonly run: string;
  readonly triples: readonly unknown[];
}

/** The body of a frame of type `result`. */
export interface ReplyBody {
  readonly worker: string;
  readonly results: readonly ResultEntry[];
  /** Tasks that were completed at once, as most are: first round, first attempt, no copy, no loss. Each run's in a row; see `PlainResults`. */
  readonly plain: readonly PlainResults[];
  readonly probes: readonly ProbeAnswer[];
}
