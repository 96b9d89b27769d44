import type { Clock } from "./clock.ts";
import type { Profile } from "./profile.ts";
import type { Queue } from "./queue.ts";

/**
 * The seam between core and a broker: seven verbs and five optional ones. Core holds all policy; an adapter translates. It never retries an
 * operation, sleeps, logs, or reads a clock, a random source or the environment.
 *
 * Rules for every verb:
 * - It may be called concurrently with itself and with every other.
 * - Answers come back in the order of the arguments. One bad item is an outcome in the array; a throw means that the whole call failed. So does a list with
 *   an answer too few, or none; core takes that, and what is no answer, for `UNAVAILABLE`.
 * - What is thrown is the client's own error, unwrapped: core asks `classify` for its meaning and wraps it once.
 * - Durations cross the seam, points in time never do.
 * - Every call settles by its deadline, which is when `signal` fires, even on a socket that answers no more.
 * - After `close`, every verb but `close` throws an error that `classify` calls `CLOSED`.
 */
export interface Backend {
  /** The version of this contract; a change that breaks adapters raises it. */
  readonly contract: 1;
  /** For people and for labels of metrics; nothing ever branches on it. */
  readonly name: string;
  readonly profile: Profile;

  /**
   * Gets ready to receive from and to send to the queues. Called once per dispatcher or worker, again to add queues; connects at the first call.
   * Resolves when whatever is sent to the `receive` queues from then on will be received.
   * Throws where queues are missing and `create` is false (`MISSING`; `classify` says which, all of them), or exist with other arguments (`MISMATCH`).
   * Core may then open once more, without those that it can do without: a throw leaves nothing behind that a later `open` would trip over.
   * Answers what it doubts of what it has opened, each time anew; nothing where there is no doubt.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: who never doubts returns nothing
  open(options: OpenOptions, signal: AbortSignal): Promise<readonly Doubt[] | void>;

  /**
   * Puts frames into one queue. `"ok"` means durable, as far as the profile's `durability` goes. The call is at most `limits.batchFrames` frames and
   * `limits.batchBytes` bytes. After a throw it is unknown which frames arrived: core sends them again.
   */
  send(queue: Queue, frames: readonly OutFrame[], signal: AbortSignal): Promise<readonly SendOutcome[]>;

  /**
   * Takes up to `want.max` frames, waiting up to `want.waitMs` for the first; `[]` is an answer, not an error.
   * When `signal` fires the waiting ends at once, and whatever was already granted is still returned, never dropped: an abort is not a throw.
   * A poll that cannot be called back ends by itself; what it brings goes to the next `receive` of that queue, or is released by `close`.
   * `want.max: 0` takes credit back: a push adapter stops its consumer and releases what nobody asked for.
   */
  receive(queue: Queue, want: Want, signal: AbortSignal): Promise<readonly Delivery[]>;

  /**
   * "Do I still hold these, and where the broker can, for `leaseMs` more from now?" Never shortens a lease. A session broker only answers.
   */
  renew(receipts: readonly Receipt[], leaseMs: number, signal: AbortSignal): Promise<readonly HoldOutcome[]>;

  /** Acknowledges or releases held frames. Settling twice is `"ok"` or `"lost"`, never a throw. */
  settle(settlements: readonly Settlement[], signal: AbortSignal): Promise<readonly HoldOutcome[]>;

  /** What an error of this backend's verbs means. Pure; called with anything, also with what it has never seen. */
  classify(error: unknown): ErrorClass;

  /** Releases what is held, without penalty, and ends. May be called twice and beside other calls. */
  close(): Promise<void>;

  /**
   * Ack here and send there, in one step: fenced, and all or nothing per move. The queues of a move are of its receipts' family. Unless the outcome is
   * `"ok"`, nothing of that move was done.
   */
  move?(moves: readonly Move[], signal: AbortSignal): Promise<readonly MoveOutcome[]>;

  /** How many frames are ready, leased and delayed. */
  depth?(queue: Queue, signal: AbortSignal): Promise<Depth>;

  /**
   * Looks at frames without taking them: no lease, no count, no order changed. A page may hold less than `max`, or nothing, and have a cursor. One that failed
   * may be asked for again. A page of `max: 0` says that nobody goes on from its cursor: what was hidden or reserved for the look is given back. What it
   * answers is not read.
   */
  browse?(queue: Queue, page: Page, signal: AbortSignal): Promise<BrowsePage>;

  /**
   * Removes what is ready, not what is leased, and what is delayed where the profile says so; answers how many. Where that takes long it may end in good time
   * with what it has removed so far: it is called again as long as less is gone than was ready before.
   */
  purge?(queue: Queue, signal: AbortSignal): Promise<number>;

  /** Removes the queue itself: a reply queue at an orderly end. A queue that does not exist is not an error. */
  remove?(queue: Queue, signal: AbortSignal): Promise<void>;
}

export interface OpenOptions {
  /** The queues that will be received from. */
  readonly receive: readonly Queue[];
  /** The queues that will be sent to (reply queues of others excepted: their names are not known yet). */
  readonly send: readonly Queue[];
  /** May missing queues be made? A coordinator's own reply queue always may where there is `remove`: it is gone with it. */
  readonly create: boolean;
  /** The lease that will be asked for, so that a session's heartbeat can follow it. */
  readonly leaseMs: number;
  /** The only clock that the adapter-kit's timers may run on. */
  readonly clock: Clock;
}

/**
 * How the broker is set up breaks no call, and may still break a promise of the profile: it evicts, or keeps frames for a shorter time than is said there.
 * Core says it as the event `warning`, once to each that opens. What breaks every call is an error of `open` instead.
 */
export interface Doubt {
  /** As what it would be refused. */
  readonly code: CallCode;
  /** What is so, what may come of it, and what it should be: for the message. */
  readonly detail: string;
}

/** A frame to send. Opaque bytes, and beside them what a broker may use natively. */
export interface OutFrame {
  readonly bytes: Uint8Array;
  /** The whole name `task#round.attempt~copy` (a pack: `run/first+count#…`): unique per line of copies. Made when it is read. */
  readonly name: string;
  /** The id of the task, the same for all its copies: what a broker dedupes by. Made when it is read. */
  readonly id: string;
  /** Only a first frame may be answered `"duplicate"`; copies keep the id taken. */
  readonly first: boolean;
  /** 0–10, 10 highest. */
  readonly priority: number;
  /** Not to be received before so many ms from now; never above `sendDelayMs`. */
  readonly delayMs: number;
  /** Frames of one key stay in order, where the broker can. */
  readonly key: string | undefined;
}

/** `gone`: the queue does not exist any more. `failed`: the client's own error. */
export type SendOutcome = "ok" | "duplicate" | "gone" | { readonly failed: unknown };

export interface Want {
  readonly max: number;
  readonly waitMs: number;
  readonly leaseMs: number;
}

/**
 * What an adapter needs to find a frame that it has granted: its own fields, read by nobody else. The fence lies here: a receipt stands for one grant.
 */
export interface Receipt {
  readonly queue: Queue;
}

export interface Delivery {
  readonly receipt: Receipt;
  readonly bytes: Uint8Array;
  /** How often this very frame was granted before and not released; see `Profile.redelivery`. */
  readonly redelivery: number;
}

export type Settlement =
  | { readonly kind: "ack"; readonly receipt: Receipt }
  | { readonly kind: "release"; readonly receipt: Receipt; readonly delayMs: number };

/** `lost` is an answer: somebody else may hold the frame by now. `failed`: the client's own error; whether it was done is unknown. */
export type HoldOutcome = "ok" | "lost" | { readonly failed: unknown };

export interface Move {
  /** `ack: false` only proves that the receipt is still held (one task of a pack). */
  readonly receipts: readonly { readonly receipt: Receipt; readonly ack: boolean }[];
  readonly sends: readonly { readonly queue: Queue; readonly frame: OutFrame }[];
}

export type MoveOutcome =
  | "ok"
  | { readonly lost: readonly Receipt[] }
  | { readonly gone: readonly Queue[] }
  | { readonly failed: unknown };

export interface Depth {
  readonly ready: number;
  readonly leased: number;
  readonly delayed: number;
  /** Are the numbers exact, or the broker's estimate? */
  readonly exact: boolean;
}

export interface Page {
  /** From the page before; absent: from the start. */
  readonly cursor?: string | undefined;
  /** 0: the look is left at this cursor. */
  readonly max: number;
}

export interface BrowsePage {
  readonly frames: readonly { readonly bytes: Uint8Array; readonly state: "ready" | "leased" | "delayed" }[];
  /** Absent at the end. */
  readonly cursor?: string | undefined;
}

/** The codes that a broker's error can have; see errors.ts for what each means. */
export type CallCode =
  | "UNAVAILABLE"
  | "THROTTLED"
  | "TIMED_OUT"
  | "DENIED"
  | "MISSING"
  | "MISMATCH"
  | "TOO_LARGE"
  | "QUEUE_FULL"
  | "CLOSED";

export interface ErrorClass {
  readonly code: CallCode;
  /** What exactly is missing, denied or wrong, for the message. */
  readonly detail?: string | undefined;
  /** The broker's own advice. */
  readonly retryAfterMs?: number | undefined;
  /**
   * Of a `MISSING` that `open` threw: all queues of that call that are not there, so that core can do without some. Absent where that is not known, or
   * where something else is missing, too: then nobody can do without.
   */
  readonly missing?: readonly Queue[] | undefined;
}
