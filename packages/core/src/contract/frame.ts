import type { DataCode, EndCode } from "./codes.ts";
import type { Headers, WireError } from "./task.ts";

/**
 * `task`: payloads (count 0: a probe, which a worker answers). `result`: what a worker sends back. `beat`: a worker's sign of life, progress too.
 * `control`: reserved for messages from a coordinator to a worker.
 */
export type FrameType = "task" | "result" | "beat" | "control";

/** The three counters and the two that name copies; all from 0. */
export interface Counters {
  /** One more for each resend or redrive; a new round starts `attempt` and `lost` at 0. */
  readonly round: number;
  /** Failed attempts so far. */
  readonly attempt: number;
  /** One more for each hop, split or release by copy within an attempt. */
  readonly copy: number;
  /** Crashes and expired leases so far. */
  readonly lost: number;
}

/** The most tasks of a pack: a damaged count must not make a reader allocate much, and a larger pack gains nothing. */
export const MOST_TASKS = 1_000;

/** What a task has of its own, beside its payload. */
export interface TaskInfo {
  readonly task: string;
  /** In a pack whose indexes do not follow each other; absent: that of the first task plus its place. */
  readonly index?: number | undefined;
  /** The user's own id. */
  readonly id?: string | undefined;
  /** Wall-clock ms after which it is not worth doing. */
  readonly deadlineAt?: number | undefined;
  readonly headers?: Headers | undefined;
}

/** Why a frame lies in the dead letters. */
export interface DeathNote {
  readonly reason: EndCode;
  readonly error: WireError;
  readonly attempts: number;
  readonly lost: number;
  /** Wall-clock ms. */
  readonly firstSentAt: number;
  readonly diedAt: number;
}

/** A frame, decoded. One task, or a pack of `count` tasks with the indexes from `first`. */
export interface Frame extends Counters {
  readonly type: FrameType;
  readonly priority: number;
  /** 11 letters, digits, `-` or `_`: 8 random bytes. */
  readonly run: string;
  readonly first: number;
  readonly count: number;
  /** The id of the coordinator that waits for the result; absent: nobody does. Never a queue's name. */
  readonly coordinator: string | undefined;
  readonly queue: string;
  readonly lane: string;
  readonly key: string | undefined;
  /** Wall-clock ms before which it is not to be run; absent where it never had to wait. In a work queue it has passed, or the broker keeps it. */
  readonly dueAt: number | undefined;
  /** Wall-clock ms at which it leaves the queue in which it waits; only in `later` and in tiers. */
  readonly leaveAt: number | undefined;
  /** Wall-clock ms. */
  readonly firstSentAt: number;
  readonly tasks: readonly TaskInfo[];
  readonly death: DeathNote | undefined;
  /** As it stands on the wire, codecs applied. */
  readonly body: Uint8Array;
  readonly codecs: readonly number[];
  /** `task#round.attempt~copy`. */
  readonly name: string;
}

/** A frame that could not be read, or not be trusted. */
export interface BadFrame {
  readonly bad: DataCode;
  readonly detail: string;
}
