import type { Queue } from "@org/dispatch-core/contract";
import type { Ladder } from "./ladder.ts";
import { RabbitRefusal } from "./rabbit-error.ts";

/** Where the names of a backend's queues come from. */
export interface Naming {
  readonly namespace: string;
  /** A queue of the user that has a name of its own on the broker, which is that of its middle lane. */
  readonly named: { readonly of: string; readonly name: string } | undefined;
  readonly ladder: Ladder;
}

/** "Queue names may be up to 255 bytes of UTF-8 characters" (https://www.rabbitmq.com/docs/queues#names). */
const MOST_NAME_BYTES = 255;

/** What is behind the name of a queue, or of a namespace, stands for something else there: `jobs.high` is a lane of `jobs`. */
const TAKEN = /\.(?:high|low|dead|later|reply)$|\.reply\./;

const MIDDLE_LANE = "normal";

/** `NAMESPACE.QUEUE` is the middle lane; the others are `NAME.high`, `NAME.low`, `NAME.dead`, `NAME.later`, `NAME.reply.ID`. Throws `MISMATCH`. */
export function nameOf({ namespace, named, ladder }: Naming, { role, name, of }: Queue): string {
  const isNamed = named?.of === of;
  const base = isNamed ? named.name : `${namespace}.${of}`;
  const whole = {
    work: name === MIDDLE_LANE ? base : `${base}.${name}`,
    dead: `${base}.dead`,
    later: `${base}.later`,
    reply: `${base}.reply.${name}`,
    tier: `${namespace}.tier.${name}`,
  }[role];
  if (!isNamed && TAKEN.test(of))
    throw new RabbitRefusal("MISMATCH", `the queue "${of}" would be "${base}", which is a part of another one`);
  if (ladder.has(whole))
    throw new RabbitRefusal("MISMATCH", `the queue "${of}" would be "${whole}", which is one of those for delays`);
  if (Buffer.byteLength(whole) <= MOST_NAME_BYTES) return whole;
  throw new RabbitRefusal("MISMATCH", `the queue "${whole}": RabbitMQ takes names of at most ${MOST_NAME_BYTES} bytes`);
}
