import { SessionLeases } from "@org/dispatch-core/adapter-kit";
import type { Clock, Queue } from "@org/dispatch-core/contract";
import type { Channel, ConsumeMessage } from "amqplib";
import { bounded } from "./bounded.ts";
import { closeQuietly } from "./link.ts";
import { RabbitRefusal } from "./rabbit-error.ts";
import { type Consumer, type Life, RabbitReceipt } from "./receipt.ts";
import { OpenTags } from "./tags.ts";

export interface ChannelLifePort {
  readonly queue: Queue;
  readonly queueName: string;
  readonly clock: Clock;
  /** The most messages that may be unacknowledged. */
  readonly prefetchCount: number;
  /** Are earlier holders only told by a flag, as of classic queues? */
  readonly isFlagged: boolean;
  readonly arrived: (receipt: RabbitReceipt) => void;
  /** What nobody has renewed goes back, when the time for that has come. */
  readonly expired: (reject: () => void) => void;
  /** Its receipts are worth nothing any more. `failed`: a consumer could not be made, or was ended. */
  readonly over: (reason: unknown, failed: boolean) => void;
}

/** More subscriptions than these are made one. */
const MOST_CONSUMERS = 16;

/**
 * One channel of one queue, from its beginning to its end, and what is held over it. Credit is what subscriptions may still bring: there is a further one for
 * what is missing, since their windows cannot be widened.
 */
export class ChannelLife implements Life {
  readonly isFlagged: boolean;
  readonly leases: SessionLeases<RabbitReceipt>;
  readonly #port: ChannelLifePort;
  readonly #channel: Channel;
  readonly #open = new OpenTags();
  #consumers: Consumer[] = [];
  #made = 0;
  /** The latest subscription, as long as the server has not answered. */
  #subscribing: Promise<void> | undefined;
  #isOver = false;
  #error: unknown;

  constructor(channel: Channel, port: ChannelLifePort) {
    this.#channel = channel;
    this.#port = port;
    this.isFlagged = port.isFlagged;
    this.leases = new SessionLeases<RabbitReceipt>({
      clock: port.clock,
      expire: (receipts) => port.expired(() => this.#reject(receipts)),
    });
    channel.on("error", (error) => {
      this.#error = error;
    });
    channel.on("close", () => this.end(this.#error, false));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** So many frames more may come. Where the server has to be told, resolves when it knows. */
  want(frames: number): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    if (frames > 0) this.#widen(frames);
    return this.#subscribing;
  }

  /** Nothing more may come; resolves when nothing more is on its way. */
  async stop(signal: AbortSignal): Promise<void> {
    if (!this.#isOver) await bounded(this.#cancel(), signal);
  }

  /** Those that are held no more are left out. */
  ack(receipts: readonly RabbitReceipt[]): void {
    const [first] = receipts;
    if (first === undefined || this.#isOver) return;
    if (receipts.length === 1) {
      this.#each(receipts, ({ message }) => this.#channel.ack(message));
      return;
    }
    const byTag = new Map(receipts.map((receipt) => [receipt.tag, receipt]));
    const { upTo, single } = this.#open.acked([...byTag.keys()]);
    for (const { consumer } of receipts) consumer.unacked -= 1;
    this.#try(() => {
      const last = byTag.get(upTo);
      if (last !== undefined) this.#channel.ack(last.message, true);
      for (const tag of single) this.#channel.ack((byTag.get(tag) as RabbitReceipt).message);
    });
  }

  /** Back to the queue, without a count where the server can (quorum queues of 4.3). */
  giveBack(receipts: readonly RabbitReceipt[]): void {
    this.#each(receipts, ({ message }) => this.#channel.nack(message, false, true));
  }

  /** Resolves when the server has seen all that was said before. */
  async barrier(signal: AbortSignal): Promise<void> {
    if (!this.#isOver) await bounded(this.#channel.checkQueue(this.#port.queueName), signal);
  }

  /** The end of everything that came over this channel. */
  end(reason: unknown, failed: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.leases.clear();
    this.#consumers = [];
    closeQuietly(this.#channel);
    this.#port.over(reason ?? new RabbitRefusal("UNAVAILABLE", "the channel is closed"), failed);
  }

  #widen(frames: number): void {
    const open = this.#consumers.reduce((all, { prefetch, unacked }) => all + Math.max(0, prefetch - unacked), 0);
    const missing = Math.min(frames - open, this.#port.prefetchCount - this.#open.size - open);
    if (missing <= 0) return;
    if (this.#consumers.length < MOST_CONSUMERS) this.#subscribe(missing);
    else {
      const held = this.#consumers.reduce((all, { unacked }) => all + unacked, 0);
      this.#cancel().catch(() => {});
      this.#subscribe(Math.min(this.#port.prefetchCount, missing + open + held));
    }
  }

  #subscribe(prefetch: number): void {
    this.#made += 1;
    const consumer: Consumer = { tag: `dispatch-${this.#made}`, prefetch, unacked: 0 };
    this.#consumers.push(consumer);
    const fail = (error: unknown) => this.end(this.#error ?? error, true);
    this.#try(() => {
      this.#channel.prefetch(prefetch).catch(fail);
      const { queueName } = this.#port;
      const take = (message: ConsumeMessage | null) => this.#take(consumer, message);
      const made: Promise<void> = this.#channel.consume(queueName, take, { consumerTag: consumer.tag }).then(
        () => {
          if (this.#subscribing === made) this.#subscribing = undefined;
        },
        (error: unknown) => {
          fail(error);
          throw this.#error ?? error;
        },
      );
      made.catch(() => {});
      this.#subscribing = made;
    });
  }

  #take(consumer: Consumer, message: ConsumeMessage | null): void {
    // The queue was deleted, or the server gave the consumer up: what it has returned of it is not said. To subscribe while a queue is being deleted
    // would end the whole connection (4.3: 541).
    if (message === null) {
      this.end(new RabbitRefusal("UNAVAILABLE", `RabbitMQ has ended a consumer of ${this.#port.queueName}`), true);
      return;
    }
    if (this.#isOver) return;
    consumer.unacked += 1;
    this.#open.add(message.fields.deliveryTag);
    this.#port.arrived(new RabbitReceipt(this.#port.queue, this, consumer, message));
  }

  /** A rejected message counts as lost (quorum queues of 4.3; on older ones whatever comes back does). */
  #reject(receipts: readonly RabbitReceipt[]): void {
    this.#each(receipts, ({ message }) => this.#channel.reject(message, true));
  }

  async #cancel(): Promise<void> {
    const consumers = this.#consumers;
    this.#consumers = [];
    await Promise.all(consumers.map(({ tag }) => this.#channel.cancel(tag)));
  }

  #each(receipts: readonly RabbitReceipt[], settle: (receipt: RabbitReceipt) => void): void {
    if (this.#isOver) return;
    this.#try(() => {
      for (const receipt of receipts) {
        if (!this.#open.take(receipt.tag)) continue;
        receipt.consumer.unacked -= 1;
        settle(receipt);
      }
    });
  }

  /** A channel that is over and whose end has not been heard of yet throws at once. */
  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.end(this.#error ?? error, false);
    }
  }
}
