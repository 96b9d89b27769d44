import type { Frame, Receipt } from "../contract/index.ts";
import { granted, type LeaseState } from "./machine.ts";

/** One frame in hand: its receipt, what it holds, and the state of its lease. */
export class Hold {
  readonly receipt: Receipt;
  readonly frame: Frame;
  /** The frame's own count plus what the broker counted on this very frame. */
  readonly lost: number;
  state: LeaseState;
  /** A renewal of it is under way. */
  renewing = false;
  /** Told once when the lease is lost; a running handler is aborted by it. */
  onLost: ((why: "expired" | "fenced") => void) | undefined;

  constructor(receipt: Receipt, frame: Frame, lost: number, deadline: number) {
    this.receipt = receipt;
    this.frame = frame;
    this.lost = lost;
    this.state = granted(deadline);
  }

  /** Monotonic ms until which it may be settled; in the past where it is not held any more. */
  get deadline(): number {
    return "deadline" in this.state ? this.state.deadline : Number.NEGATIVE_INFINITY;
  }
}
