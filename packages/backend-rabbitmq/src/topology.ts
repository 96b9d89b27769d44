import { type Queue, queueKey } from "@org/dispatch-core/contract";
import type { Channel, Options } from "amqplib";
import type { Line } from "./link.ts";
import { nameOf } from "./names.ts";
import type { Settings } from "./options.ts";
import { CONSUMER_TIMEOUT_MS, REPLY_RETENTION_MS } from "./profile.ts";
import { classifyError, RabbitRefusal } from "./rabbit-error.ts";

/**
 * The server drops or buries what came back more often, by default from 4.0 on after 20 times. Core counts by itself, and this is far above any count of its own.
 */
const DELIVERY_LIMIT = 1_000_000;
/** Of a work queue with priorities of its own: nothing else tells it from a lane, whose users would look into other queues beside it. */
const NATIVE_DELIVERY_LIMIT = DELIVERY_LIMIT + 1;
/** 0 to 10. */
const MOST_PRIORITY = 10;

/** Which queues there are on the server, and of what kind. */
export class Topology {
  readonly #settings: Settings;
  /** Made by this backend, or made sure of. */
  readonly #known = new Set<string>();
  /** Those among them that it may make, told of each by itself: who may make no queue makes its own reply queue all the same. */
  readonly #made = new Map<string, Queue>();
  #hasLadder = false;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  nameOf(queue: Queue): string {
    return nameOf(this.#settings.naming, queue);
  }

  /** Throws `MISSING`, and `MISMATCH` for a queue of another kind and for a server that cannot what is asked of it. */
  async open(line: Line, queues: readonly Queue[], create: boolean, signal: AbortSignal): Promise<void> {
    this.#check(line);
    this.#hasLadder ||= await this.#openLadder(line, create, signal);
    const sure = create ? this.#made : this.#known;
    const fresh = queues.filter((queue) => !sure.has(queueKey(queue)));
    if (fresh.length === 0 && this.#hasLadder) return;
    if (create) await line.on((channel) => this.#declareAll(channel, fresh), signal);
    else await this.#findAll(line, fresh, signal);
    if (this.#settings.priority !== "lanes") await this.#checkLanes(line, fresh, signal);
    for (const queue of fresh) {
      this.#known.add(queueKey(queue));
      if (create) this.#made.set(queueKey(queue), queue);
    }
  }

  /** After an outage: what did not outlive it is made again, where that is allowed. */
  async restore(line: Line, signal: AbortSignal): Promise<void> {
    const made = [...this.#made.values()];
    // What queues are bound to; reply queues are bound to nothing, and who makes those only may not make a ladder.
    if (made.some(({ role }) => role !== "reply")) await this.#openLadder(line, true, signal);
    if (made.length > 0) await line.on((channel) => this.#declareAll(channel, made), signal);
  }

  forget(queue: Queue): void {
    this.#known.delete(queueKey(queue));
    this.#made.delete(queueKey(queue));
  }

  async #declareAll(channel: Channel, queues: readonly Queue[]): Promise<void> {
    const { ladder } = this.#settings;
    await Promise.all(
      queues.flatMap((queue) => {
        const name = this.nameOf(queue);
        const declared = channel.assertQueue(name, this.#optionsOf(queue));
        // Nothing is sent to a reply queue for later.
        return queue.role === "reply"
          ? [declared]
          : [declared, channel.bindQueue(name, ladder.due, ladder.binding(name))];
      }),
    );
  }

  /** Throws one `MISSING` for all that is not there. */
  async #findAll(line: Line, queues: readonly Queue[], signal: AbortSignal): Promise<void> {
    const missing: Queue[] = [];
    for (const queue of queues) if (!(await this.#find(line, queue, signal))) missing.push(queue);
    if (missing.length === 0 && this.#hasLadder) return;
    const names = missing.map((queue) => `queue "${this.nameOf(queue)}"`);
    if (!this.#hasLadder) names.push(`exchange "${this.#settings.ladder.top}", which delays need`);
    const message = `there is no ${names.join(", no ")}, and none may be made without create`;
    throw new RabbitRefusal("MISSING", message, this.#hasLadder ? { missing } : {});
  }

  /**
   * Is it there? And where the rights suffice, it is as it should be: declaring it again says which argument differs, and what is due finds it, also if
   * somebody has made it by hand.
   */
  async #find(line: Line, queue: Queue, signal: AbortSignal): Promise<boolean> {
    const name = this.nameOf(queue);
    try {
      await line.on((channel) => channel.checkQueue(name), signal);
    } catch (error) {
      if (classifyError(error).code !== "MISSING") throw error;
      return false;
    }
    const { ladder } = this.#settings;
    await ifAllowed(line.on((channel) => channel.assertQueue(name, this.#optionsOf(queue)), signal));
    if (queue.role !== "reply" && this.#hasLadder)
      await ifAllowed(line.on((channel) => channel.bindQueue(name, ladder.due, ladder.binding(name)), signal));
    return true;
  }

  #optionsOf({ role, of }: Queue): Options.AssertQueue {
    const { priority, durable, consumerTimeoutMs } = this.#settings;
    const expires = role === "reply" ? { "x-expires": REPLY_RETENTION_MS } : {};
    if (!durable || (priority === "classic" && role === "work")) {
      const levels = priority === "classic" && role === "work" ? { "x-max-priority": MOST_PRIORITY } : {};
      return { durable, arguments: { "x-queue-type": "classic", ...levels, ...expires } };
    }
    const net = {
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": this.nameOf({ role: "dead", name: "dead", of }),
      "x-dead-letter-strategy": "at-least-once",
      "x-overflow": "reject-publish",
    };
    return {
      durable,
      arguments: {
        "x-queue-type": "quorum",
        "x-delivery-limit": priority === "native" && role === "work" ? NATIVE_DELIVERY_LIMIT : DELIVERY_LIMIT,
        ...(role === "work" && net),
        ...(consumerTimeoutMs !== CONSUMER_TIMEOUT_MS && { "x-consumer-timeout": consumerTimeoutMs }),
        ...expires,
      },
    };
  }

  /** Is it there, found or made? */
  async #openLadder(line: Line, create: boolean, signal: AbortSignal): Promise<boolean> {
    const { ladder } = this.#settings;
    try {
      await line.on((channel) => channel.checkExchange(ladder.top), signal);
      return true;
    } catch (error) {
      if (classifyError(error).code !== "MISSING") throw error;
    }
    if (create) await line.on((channel) => this.#declareLadder(channel), signal);
    return create;
  }

  /** From the bottom up, so that whoever finds the top finds all. */
  async #declareLadder(channel: Channel): Promise<void> {
    const { ladder } = this.#settings;
    const { unrouted, due } = ladder;
    const quorum = { "x-queue-type": "quorum", "x-delivery-limit": DELIVERY_LIMIT };
    await channel.assertExchange(unrouted, "fanout", { durable: true });
    await channel.assertQueue(unrouted, { durable: true, arguments: quorum });
    await channel.bindQueue(unrouted, unrouted, "");
    await channel.assertExchange(due, "topic", { durable: true, alternateExchange: unrouted });
    for (const { name, ttlMs, below, waits, passes } of ladder.rungs()) {
      await channel.assertQueue(name, {
        durable: true,
        arguments: {
          ...quorum,
          "x-message-ttl": ttlMs,
          "x-dead-letter-exchange": below,
          "x-dead-letter-strategy": "at-least-once",
          "x-overflow": "reject-publish",
        },
      });
      await channel.assertExchange(name, "topic", { durable: true });
      await channel.bindQueue(name, name, waits);
      await channel.bindExchange(below, name, passes);
    }
  }

  /** What the server cannot, by its release. */
  #check(line: Line): void {
    const { priority, consumerTimeoutMs, trustConsumerTimeout } = this.#settings;
    const release = line.release.join(".");
    if (priority === "native" && !line.isAtLeast(4, 3))
      throw new RabbitRefusal(
        "MISMATCH",
        `priority native needs RabbitMQ 4.3, this is ${release}: its quorum queues have no strict priorities`,
      );
    if (consumerTimeoutMs > CONSUMER_TIMEOUT_MS && !line.isAtLeast(3, 12) && !trustConsumerTimeout)
      throw new RabbitRefusal(
        "MISMATCH",
        `consumerTimeoutMs ${consumerTimeoutMs}: RabbitMQ ${release} knows no x-consumer-timeout of a queue; raise its consumer_timeout and say trustConsumerTimeout: true`,
      );
  }

  /** Tasks in lanes would never be found by somebody who looks into one queue only. */
  async #checkLanes(line: Line, queues: readonly Queue[], signal: AbortSignal): Promise<void> {
    for (const of of new Set(queues.filter(({ role }) => role === "work").map((queue) => queue.of))) {
      for (const lane of ["high", "low"]) {
        const name = this.nameOf({ role: "work", name: lane, of });
        const found = await line
          .on((channel) => channel.checkQueue(name), signal)
          .catch((error: unknown) => {
            if (classifyError(error).code === "MISSING") return { messageCount: 0 };
            throw error;
          });
        if (found.messageCount > 0)
          throw new RabbitRefusal(
            "MISMATCH",
            `priority ${this.#settings.priority}: ${found.messageCount} tasks lie in the queue "${name}", which is a lane; let a worker with priority lanes empty it first`,
          );
      }
    }
  }
}

async function ifAllowed(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (classifyError(error).code !== "DENIED") throw error;
  }
}
