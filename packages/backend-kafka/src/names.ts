import type { Queue } from "@org/dispatch-core/contract";
import { KafkaRefusal } from "./kafka-error.ts";

/** Where the names of a backend's topics and groups come from. */
export interface Naming {
  readonly namespace: string;
  /** A queue of the user that has names of its own on the broker: the topic of its middle lane, and its group. */
  readonly named: { readonly of: string; readonly topic: string | undefined; readonly group: string | undefined };
}

/** Where a queue is: its topic, and the group that reads it. */
export interface Spot {
  readonly topic: string;
  readonly group: string;
}

/** "Legal characters for topics": letters, digits, `.`, `_`, `-`, at most 249 of them (Kafka's `Topic.validate`). */
const KAFKA_NAME = /^[A-Za-z0-9._-]{1,249}$/;

/** What is behind the name of a queue, or of a namespace, stands for something else there: `jobs.dead` has the dead letters of `jobs`. */
const TAKEN = /\.(?:high|low|dead|later|reply)$|\.reply\.|^tier\./;

const MIDDLE_LANE = "normal";

/**
 * `NAMESPACE.QUEUE` is the middle lane; the others are `NAME.high`, `NAME.low`, `NAME.dead`, `NAME.later`, and `NAME.reply` for all coordinators. Lanes
 * have one group, so that they are shared alike; so have all tiers of a namespace. Throws `MISMATCH`.
 */
export function spotOf({ namespace, named }: Naming, { role, name, of }: Queue): Spot {
  const isNamed = named.of === of;
  const base = (isNamed ? named.topic : undefined) ?? `${namespace}.${of}`;
  const group = (isNamed ? named.group : undefined) ?? base;
  const spot = {
    work: { topic: name === MIDDLE_LANE ? base : `${base}.${name}`, group },
    dead: { topic: `${base}.dead`, group: `${group}.dead` },
    later: { topic: `${base}.later`, group: `${group}.later` },
    reply: { topic: `${base}.reply`, group: `${group}.reply.${name}` },
    tier: { topic: `${namespace}.tier.${name}`, group: `${namespace}.tier` },
  }[role];
  if (base === `${namespace}.${of}` && TAKEN.test(of))
    throw new KafkaRefusal("MISMATCH", `the queue "${of}" would share the topic "${base}" with a part of another one`);
  if (KAFKA_NAME.test(spot.topic)) return spot;
  throw new KafkaRefusal(
    "MISMATCH",
    `the topic "${spot.topic}": Kafka takes names of at most 249 letters, digits, dots, dashes and underscores`,
  );
}
