import type { Queue } from "@org/dispatch-core/contract";
import { RabbitRefusal } from "./rabbit-error.ts";

/** Where the names of a backend's queues come from. */
export interface Naming {
  readonly namespace: string;
  /** A queue of the user that has a name of its own on the broker, which is that of its middle lane. */
  readonly named: { readonly of: string; readonly name: string } | undefined;
}

/** "Queue names may be up to 255 bytes of UTF-8 characters" (https://www.rabbitmq.com/docs/queues#names). */
const MOST_NAME_BYTES = 255;

const MIDDLE_LANE = "normal";

/** `NAMESPACE.QUEUE` is the middle lane; the others are `NAME.high`, `NAME.low`, `NAME.dead`, `NAME.later`, `NAME.reply.ID`. Throws `MISMATCH`. */
export function nameOf({ namespace, named }: Naming, { role, name, of }: Queue): string {
  const base = named?.of === of ? named.name : `${namespace}.${of}`;
  const whole = {
    work: name === MIDDLE_LANE ? base : `${base}.${name}`,
    dead: `${base}.dead`,
    later: `${base}.later`,
    reply: `${base}.reply.${name}`,
    tier: `${namespace}.tier.${name}`,
  }[role];
  if (Buffer.byteLength(whole) <= MOST_NAME_BYTES) return whole;
  throw new RabbitRefusal("MISMATCH", `the queue "${whole}": RabbitMQ takes names of at most ${MOST_NAME_BYTES} bytes`);
}
