import { SessionLeases } from "@org/dispatch-core/adapter-kit";
import type { Clock, Queue } from "@org/dispatch-core/contract";
import type { Channel, ConsumeMessage } from "amqplib";
import { bounded } from "./bounded.ts";
import { closeQuietly } from "./link.ts";
import { RabbitRefusal } from "./rabbit-error.ts";
import { type Consumer, type Life, RabbitReceipt } from "./receipt.ts";
import { Subscriptions, type Wanted } from "./subscriptions.ts";
import { OpenTags } from "./tags.ts";

export interface ChannelLifePort {
  readonly queue: Queue;
  readonly queueName: string;
  readonly clock: Clock;
  /** The most messages that may be unacknowledged. */
  readonly prefetchCount: number;
  /** Are earlier holders only told by a flag, as of classic queues? */
  readonly isFlagged: boolean;
  /** Does the server count what is on its way to a consumer that is cancelled? */
  readonly countsCancelled: boolean;
  /** What receives ask for now, asked where that may have changed. */
  readonly wanted: () => Wanted;
  readonly arrived: (receipt: RabbitReceipt) => void;
  /** What nobody has renewed goes back, when the time for that has come. */
  readonly expired: (reject: () => void) => void;
  /** Its receipts are worth nothing any more. `failed`: a consumer could not be made, or was ended. */
  readonly over: (reason: unknown, failed: boolean) => void;
}

/** One channel of one queue, from its beginning to its end, and what is held over it. */
export class ChannelLife implements Life {
  readonly isFlagged: boolean;
  readonly countsCancelled: boolean;
  readonly leases: SessionLeases<RabbitReceipt>;
  readonly #port: ChannelLifePort;
  readonly #channel: Channel;
  readonly #open = new OpenTags();
  readonly #subscriptions: Subscriptions;
  /** What waits to be settled until nothing more is on its way. */
  #later: (() => void)[] | undefined;
  #isOver = false;
  #error: unknown;

  constructor(channel: Channel, port: ChannelLifePort) {
    this.#channel = channel;
    this.#port = port;
    this.isFlagged = port.isFlagged;
    this.countsCancelled = port.countsCancelled;
    this.leases = new SessionLeases<RabbitReceipt>({
      clock: port.clock,
      expire: (receipts) => port.expired(() => this.#reject(receipts)),
    });
    this.#subscriptions = new Subscriptions({
      channel,
      queueName: port.queueName,
      clock: port.clock,
      countsCancelled: port.countsCancelled,
      wanted: () => {
        const { frames, stands } = port.wanted();
        return { frames: Math.min(frames, this.#room), stands };
      },
      take: (consumer, message) => this.#take(consumer, message),
      failed: (error) => this.end(this.#error ?? error, true),
      paused: (isPaused) => this.#pause(isPaused),
    });
    channel.on("error", (error) => {
      this.#error = error;
    });
    channel.on("close", () => this.end(this.#error, false));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get #room(): number {
    return this.#port.prefetchCount - this.#open.size;
  }

  /** So many frames more may come. Where the server has to be told, resolves when it knows. */
  want(frames: number): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    if (frames > 0) this.#try(() => this.#subscriptions.widen(frames, this.#room));
    return this.#subscriptions.making;
  }

  /** Nothing more may come; resolves when nothing more is on its way. */
  async stop(signal: AbortSignal): Promise<void> {
    if (!this.#isOver) await bounded(this.#subscriptions.stop(), signal);
  }

  /** Those that are held no more are left out. */
  ack(receipts: readonly RabbitReceipt[]): void {
    const [first] = receipts;
    if (first === undefined || this.#isOver) return;
    if (this.#later !== undefined) {
      this.#later.push(() => this.ack(receipts));
      return;
    }
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
    this.#subscriptions.end();
    this.#later = undefined;
    closeQuietly(this.#channel);
    this.#port.over(reason ?? new RabbitRefusal("UNAVAILABLE", "the channel is closed"), failed);
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

  #pause(isPaused: boolean): void {
    const waiting = this.#later ?? [];
    this.#later = isPaused && !this.#isOver ? [] : undefined;
    for (const settle of waiting) settle();
  }

  #each(receipts: readonly RabbitReceipt[], settle: (receipt: RabbitReceipt) => void): void {
    if (this.#isOver) return;
    if (this.#later !== undefined) {
      this.#later.push(() => this.#each(receipts, settle));
      return;
    }
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
