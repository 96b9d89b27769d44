import type { Clock, EndCode, Frame, Profile } from "../contract/index.ts";

/** What is done with a frame that was just granted, before any handler sees it. */
export type Admission =
  | "run"
  /** It is at its last chance, and nothing else is held: run it, and take nothing beside it. */
  | "run-alone"
  /** It is at its last chance, and others are held: back with it, without penalty. */
  | "give-back"
  | "answer-probe"
  | Refusal;

/** It ends without having been begun. */
export interface Refusal {
  readonly outcome: "dead" | "expired";
  readonly code: EndCode;
  readonly message: string;
}

export interface Circumstances {
  /** The frame's count plus the broker's. */
  readonly lost: number;
  /** More than this, and it is dead; exactly this, and it is taken alone. 0: no last chance. */
  readonly maxLost: number;
  /** Does the worker hold anything else? */
  readonly others: boolean;
  /** Has it a handler of that name? */
  readonly known: boolean;
  /** Asked only where there is a deadline. */
  readonly clock: Pick<Clock, "wall">;
}

/** Pure. The order matters: what has expired is not worth dying over, and a poison task must not get as far as its handler. */
export function admit(frame: Frame, now: Circumstances): Admission {
  if (frame.count === 0) return "answer-probe";
  const info = frame.tasks[0];
  if (isExpired(frame, now.clock)) return EXPIRED;
  if (now.lost > now.maxLost) {
    return {
      outcome: "dead",
      code: "LOST",
      message: `${now.lost} holders crashed or let the lease expire, the most is ${now.maxLost}`,
    };
  }
  if (!now.known)
    return {
      outcome: "dead",
      code: "TASK_UNKNOWN",
      message: `no handler for the task ${JSON.stringify(info?.task ?? "")}`,
    };
  if (now.maxLost > 0 && now.lost === now.maxLost) return now.others ? "give-back" : "run-alone";
  return "run";
}

/**
 * How often it was lost, as far as that is believed: never past its last chance, before a frame says that it has come to it. A broker that goes away counts what it
 * sends on to those who go with it, as often as there are some left, though nobody has it.
 */
export function believedLosses({ frame, lost }: { readonly frame: Frame; readonly lost: number }, maxLost: number) {
  return frame.lost < maxLost ? Math.min(lost, maxLost) : lost;
}

/** Does the broker tell one loss from none, and no more? */
export function lossNeedsCopy({ redelivery, countsUnheld }: Profile): boolean {
  return redelivery === "once" || countsUnheld === true;
}

export const EXPIRED: Refusal = Object.freeze({
  outcome: "expired",
  code: "EXPIRED",
  message: "its deadline passed before it was begun",
});

/** Also asked when it has waited for a slot: behind the others of its pack that may take a while. */
export function isExpired({ tasks }: Frame, clock: Pick<Clock, "wall">): boolean {
  const deadlineAt = tasks[0]?.deadlineAt;
  return deadlineAt !== undefined && deadlineAt <= clock.wall();
}
