import type { HoldOutcome, Queue, Receipt } from "../../contract/index.ts";
import type { HeapItem } from "./heap.ts";

/** A frame as a queue of messages keeps it, from its send to its ack. */
export class WorldFrame implements HeapItem {
  /** The sender's own bytes, not a copy. */
  readonly bytes: Uint8Array;
  readonly priority: number;
  /** The id that it keeps taken; `undefined` in a queue that holds no tasks. */
  readonly id: string | undefined;
  readonly sentAtMs: number;
  /** When it came: lower came first. New when a delay is over, since it queues up only then. */
  sequence = 0;
  /** Its place among the ready ones: the sequence, and whatever disorder the queue adds. */
  order = 0;
  /** In which heap of the ready ones it is. */
  level = 0;
  state: "ready" | "delayed" | "held" | "gone" = "ready";
  /** On the clock, in ms; only meant while it is delayed. */
  dueAtMs = 0;
  /** How often a holder of it was lost. */
  losses = 0;
  /** How often it was granted. */
  grants = 0;
  /** The current one. */
  grant: HeldGrant | undefined = undefined;
  /** The last one, over or not. */
  lastGrant: HeldGrant | undefined = undefined;
  heapPlace = -1;

  constructor(bytes: Uint8Array, priority: number, id: string | undefined, sentAtMs: number) {
    this.bytes = bytes;
    this.priority = priority;
    this.id = id;
    this.sentAtMs = sentAtMs;
  }
}

/** Who holds grants: one connection of a session. */
export interface Holder {
  readonly grants: Set<HeldGrant>;
}

/** The queue of a grant, as far as its holder's verbs need it. Times in ms on the clock. */
export interface GrantHome {
  readonly queue: Queue;
  /** Tells one world's receipts from another's. */
  readonly rules: object;
  isCurrent(grant: HeldGrant, nowMs: number): boolean;
  ack(grant: HeldGrant, nowMs: number): HoldOutcome;
  release(grant: HeldGrant, delayMs: number, nowMs: number): HoldOutcome;
  renew(grant: HeldGrant, leaseMs: number, nowMs: number): HoldOutcome;
  lose(grant: HeldGrant): void;
}

/** One grant of one frame, and the receipt for it. It is current as long as its frame says so, which is the fence. */
export class HeldGrant implements Receipt, HeapItem {
  readonly queue: Queue;
  readonly home: GrantHome;
  readonly frame: WorldFrame;
  readonly holder: Holder;
  /** What the delivery says. */
  readonly redelivery: number;
  readonly grantedAtMs: number;
  /** From then on the frame is held no more; `Infinity` where only its session can end it. */
  deadlineAtMs = Number.POSITIVE_INFINITY;
  /** Was it ended by its holder, and not by time? */
  isSettled = false;
  heapPlace = -1;

  constructor(home: GrantHome, frame: WorldFrame, holder: Holder, redelivery: number, grantedAtMs: number) {
    this.queue = home.queue;
    this.home = home;
    this.frame = frame;
    this.holder = holder;
    this.redelivery = redelivery;
    this.grantedAtMs = grantedAtMs;
  }
}
