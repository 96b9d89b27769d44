/** How far a walk goes, and which of the promises its world keeps. */
import type { LeaseOn, LeaseState, LeaseStep } from "../machine.ts";
import type { Decision, Line, VerdictKind } from "./task-state.ts";

/** The code under test, given by the test, since a stage imports no other. */
export interface Rules {
  granted(deadline: number): LeaseState;
  step(state: LeaseState, on: LeaseOn, time: number): LeaseStep;
  /** `line` with the `lost` that the frame itself has; `lost` is the sum. */
  decide(verdict: VerdictKind, line: Line, lost: number): Decision;
  /** May a handler have it, or has it been lost too often? */
  admit(line: Line, lost: number): "run" | "dead";
  /** The fencing token that a handler gets. */
  fence(line: Line, lost: number): number;
}

export interface World {
  readonly tasks: 1 | 2 | 3;
  readonly workers: number;
  /** Faults in all: a message lost, doubled or late, a worker that freezes or crashes. */
  readonly faults: number;
  /** Tasks that are given back, before or after their handler has begun. */
  readonly releases: number;
  /** How long the broker lets a grant last, and how much less its holder counts on, in units. */
  readonly lease: number;
  readonly margin: number;
  /** Settling is one step at the broker; or send first, ack second; or wrong. */
  readonly settling: "move" | "send-ack" | "ack-send";
  /**
   * The broker refuses what does not come from the current grant; `worker`: what does not come from the worker of the current grant, which is exact with one
   * worker only; false: nothing.
   */
  readonly fence: boolean | "worker";
  /** The broker counts an expiry on its frame. */
  readonly countsLosses: boolean;
  /** The coordinator takes the first terminal outcome alone. */
  readonly firstOutcomeOnly: boolean;
  /** A renewal leaves a longer lease as it is. */
  readonly renewalNeverShortens: boolean;
}
