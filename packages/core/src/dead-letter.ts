import { decodeFrame, isBad } from "./codec/frame.ts";
import type { DeathNote, EndCode, Frame, Headers, Queue, WireError } from "./contract/index.ts";

/** A task that ended dead, and why. */
export interface DeadLetter {
  /** `run/index`. */
  readonly id: string;
  /** `run/index#round.attempt~copy`. */
  readonly name: string;
  readonly task: string;
  /** The user's own id. */
  readonly ref?: string | undefined;
  readonly reason: EndCode;
  readonly error: WireError;
  readonly attempts: number;
  readonly lost: number;
  /** Wall-clock ms. */
  readonly firstSentAt: number;
  readonly diedAt: number;
  readonly headers?: Headers | undefined;
  readonly payload?: unknown;
}

/** By `id` (or by the user's own id), or all of them. */
export type Selection = { readonly ids: readonly string[] } | { readonly all: true };

/** What lies in a queue of the dead, and the frame it was read from; undefined where it is none of ours. */
export function letterIn(bytes: Uint8Array, { of }: Queue): { letter: DeadLetter; frame: Frame } | undefined {
  const frame = decodeFrame(bytes, of, "");
  if (isBad(frame) || frame.type !== "task") return undefined;
  const [info] = frame.tasks;
  if (info === undefined) return undefined;
  const { reason, error, attempts, lost, firstSentAt, diedAt } = frame.death ?? movedHere(frame);
  const letter: DeadLetter = {
    id: `${frame.run}/${frame.first}`,
    name: frame.name,
    task: info.task,
    ...(info.id === undefined ? {} : { ref: info.id }),
    reason,
    error,
    attempts,
    lost,
    firstSentAt,
    diedAt,
    ...(info.headers === undefined ? {} : { headers: info.headers }),
  };
  return { letter, frame };
}

/** By a rule of the broker's own: nobody has noted when and why. */
function movedHere({ attempt, lost, firstSentAt }: Frame): DeathNote {
  const error = { name: "Error", code: "LOST", message: "the broker has moved it here by a rule of its own" };
  return { reason: "LOST", error, attempts: attempt, lost, firstSentAt, diedAt: firstSentAt };
}
