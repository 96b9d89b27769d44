import { createHash } from "node:crypto";

/** The shortest delay, and the unit of all of them. */
const UNIT_MS = 100;
const LEVELS = 28;
/** The whole ladder: 310 days. */
export const MOST_DELAY_MS = (2 ** LEVELS - 1) * UNIT_MS;

/** One rung: what comes to its exchange either waits in its queue or goes on to the rung below at once. */
export interface Rung {
  /** Of its exchange and of its queue. */
  readonly name: string;
  /** How long its queue keeps what waits in it. */
  readonly ttlMs: number;
  /** The exchange that follows. */
  readonly below: string;
  /** Routing keys that wait here. */
  readonly waits: string;
  /** Routing keys that go on. */
  readonly passes: string;
}

/** Where a frame is published, and under which routing key. */
export interface Route {
  readonly exchange: string;
  readonly key: string;
}

/**
 * Delays by queues with a constant time to live, each twice that of the one below: a delay is a binary number of units, and its digits say in which of
 * the queues a frame waits. A time to live of its own for each message would not do: in one queue a short one waits behind a long one.
 * As in NServiceBus and Celery; https://docs.particular.net/transports/rabbitmq/delayed-delivery.
 */
export class Ladder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** The exchange that hands out what is due, to the queue that the last word of its routing key says. */
  get due(): string {
    return `${this.name}.due`;
  }

  /** Exchange and queue for what is due in a queue that is not there any more. */
  get unrouted(): string {
    return `${this.name}.unrouted`;
  }

  /** The exchange that is made last: where it is, all of the ladder is. */
  get top(): string {
    return this.#rungName(LEVELS - 1);
  }

  /** Is it one of the queues of the ladder? */
  has(queueName: string): boolean {
    const { name, unrouted } = this;
    return (
      queueName === unrouted || (queueName.startsWith(`${name}.`) && /^\d+$/.test(queueName.slice(name.length + 1)))
    );
  }

  /** From the lowest to the highest, as they have to be made. */
  rungs(): readonly Rung[] {
    return Array.from({ length: LEVELS }, (_, level) => {
      const before = "*.".repeat(LEVELS - 1 - level);
      return {
        name: this.#rungName(level),
        // A millisecond more, because the server counts whole ones: never early, however many rungs there are.
        ttlMs: UNIT_MS * 2 ** level + 1,
        below: level === 0 ? this.due : this.#rungName(level - 1),
        waits: `${before}1.#`,
        passes: `${before}0.#`,
      };
    });
  }

  /** What a queue is bound to `due` with. */
  binding(queueName: string): string {
    return `#.${wordOf(queueName)}`;
  }

  /** `delayMs`: above 0, at most `MOST_DELAY_MS`. Rounded up to whole units. */
  route(queueName: string, delayMs: number): Route {
    const units = Math.min(2 ** LEVELS - 1, Math.ceil(delayMs / UNIT_MS));
    const digits = units.toString(2).padStart(LEVELS, "0");
    const level = LEVELS - 1 - digits.indexOf("1");
    return { exchange: this.#rungName(level), key: `${[...digits].join(".")}.${wordOf(queueName)}` };
  }

  #rungName(level: number): string {
    return `${this.name}.${level}`;
  }
}

const words = new Map<string, string>();
const MOST_WORDS = 1_000;

/** One word for a name that may have dots in it, which would be several: and short, since a routing key has 255 bytes at most. */
function wordOf(queueName: string): string {
  let word = words.get(queueName);
  if (word === undefined) {
    word = createHash("sha256").update(queueName).digest("hex").slice(0, 32);
    if (words.size >= MOST_WORDS) words.clear();
    words.set(queueName, word);
  }
  return word;
}
