import type { Frame, Receipt, Timer } from "../contract/index.ts";
import { granted, type LeaseState } from "./machine.ts";

export type OnLost = (hold: Hold, why: "expired" | "fenced") => void;

/** One frame in hand: its receipt, what it holds, and the state of its lease. */
export class Hold {
  readonly receipt: Receipt;
  readonly frame: Frame;
  /** The frame's own count plus what the broker counted on this very frame. */
  readonly lost: number;
  /** How many of its tasks have no outcome yet that the broker has agreed to. */
  left: number;
  /** Those of a pack, from when it is taken apart. */
  parts: readonly HeldTask[] | undefined = undefined;
  /** A pack of which a task has begun does not go back as it is. */
  hasBegun = false;
  /** Ends with the lease. */
  timer: Timer | undefined = undefined;
  state: LeaseState;
  /** Monotonic ms from which the broker counts how long it is held in all. */
  heldAt = Number.POSITIVE_INFINITY;
  /** It was reported that the broker will not let it be held for much longer. */
  isCapTold = false;
  isHalfTold = false;
  /** A renewal of it is under way. */
  renewing = false;
  /** Its keeper's own. */
  place = -1;
  /** Told once when the lease is lost; a running handler is aborted by it. */
  readonly onLost: OnLost | undefined;

  constructor(receipt: Receipt, frame: Frame, lost: number, deadline: number, onLost?: OnLost) {
    this.receipt = receipt;
    this.frame = frame;
    this.lost = lost;
    this.onLost = onLost;
    this.left = Math.max(1, frame.count);
    this.state = granted(deadline);
  }

  /** The indexes of the tasks of a pack that have an outcome, if any has. */
  get ended(): ReadonlySet<number> | undefined {
    const ended = this.parts?.filter((part) => part.ended) ?? [];
    return ended.length === 0 ? undefined : new Set(ended.map(({ frame }) => frame.first));
  }

  /** Monotonic ms until which it may be settled; in the past where it is not held any more. */
  get deadline(): number {
    return "deadline" in this.state ? this.state.deadline : Number.NEGATIVE_INFINITY;
  }
}

/** A task in hand, under the lease of its frame: alone in it (then it is `whole`), or one of a pack. A pack as a whole is one, too: to be acked, or released. */
export class HeldTask {
  readonly hold: Hold;
  /** The task as a frame of its own, whatever it came in. */
  readonly frame: Frame;
  /** Does its settlement settle the frame that was granted? */
  readonly whole: boolean;
  /** Has it its payload already, since that came with a pack's? */
  isLoaded = false;
  /** The payload. Here, and not in an object of its own: V8 makes such literals in the old part of the heap, where each keeps what it holds. */
  value: unknown = undefined;
  /** The broker has agreed to its outcome, though the rest of its pack goes on. */
  ended = false;

  constructor(hold: Hold, frame: Frame, whole: boolean) {
    this.hold = hold;
    this.frame = frame;
    this.whole = whole;
  }

  get receipt(): Receipt {
    return this.hold.receipt;
  }
  get lost(): number {
    return this.hold.lost;
  }
  get deadline(): number {
    return this.hold.deadline;
  }
  get left(): number {
    return this.whole ? 1 : this.hold.left;
  }
  get isHeld(): boolean {
    return !this.ended && Number.isFinite(this.deadline);
  }
}
