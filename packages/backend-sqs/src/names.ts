import type { Doubt, Queue } from "@org/dispatch-core/contract";
import { SqsRefusal } from "./sqs-error.ts";

/** Where the names of a backend's queues come from. */
export interface Naming {
  readonly namespace: string;
  /** A queue of the user that has a name of its own on the broker, which is that of its middle lane. */
  readonly named: { readonly of: string; readonly name: string } | undefined;
  /** Are the lanes FIFO queues? All else is not: where nothing is to be run, there is no order to keep. */
  readonly fifo: boolean;
}

/** "A queue name can have up to 80 characters": letters, digits, dashes and underscores; of FIFO queues, the suffix included (API reference, CreateQueue). */
const SQS_NAME = /^(?:[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo)$/;
export const FIFO_SUFFIX = ".fifo";

/** What a name ends in, or holds, stands for a part of another queue: `jobs-dead` has the dead letters of `jobs`. */
const TAKEN = /-(?:high|low|dead|later|reply)$|-reply-/;

const MIDDLE_LANE = "normal";

/**
 * `NAMESPACE-QUEUE` is the middle lane; the others are `NAME-high`, `NAME-low`, `NAME-dead`, `NAME-later`, `NAME-reply-ID`. FIFO lanes end in `.fifo`.
 * Throws `MISMATCH`.
 */
export function nameOf({ namespace, named, fifo }: Naming, { role, name, of }: Queue): string {
  const base = named?.of === of ? named.name : `${namespace}-${of}`;
  const whole = {
    work: `${name === MIDDLE_LANE ? base : `${base}-${name}`}${fifo ? FIFO_SUFFIX : ""}`,
    dead: `${base}-dead`,
    later: `${base}-later`,
    reply: `${base}-reply-${name}`,
    tier: `${namespace}-tier-${name}`,
  }[role];
  if (named?.of !== of && TAKEN.test(of))
    throw new SqsRefusal("MISMATCH", `the queue "${of}" would share "${base}" with a part of another one`);
  if (SQS_NAME.test(whole)) return whole;
  throw new SqsRefusal(
    "MISMATCH",
    `the queue "${whole}": SQS takes names of at most 80 letters, digits, dashes and underscores`,
  );
}

/** A name that was given is taken: whether the other queue is used, too, nobody can see from here. */
export function nameDoubts({ named }: Naming): readonly Doubt[] {
  const end = named?.name.search(TAKEN) ?? -1;
  if (named === undefined || end < 0) return [];
  const detail = `the queue "${named.name}" has the name of a part of "${named.name.slice(0, end)}": nobody may use that one with dispatch, or they take each other's tasks`;
  return [{ code: "MISMATCH", detail }];
}
