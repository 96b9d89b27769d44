import type { SessionLeases } from "@org/dispatch-core/adapter-kit";
import { GrantedFrame } from "@org/dispatch-core/adapter-kit";
import type { Delivery, Queue, Receipt } from "@org/dispatch-core/contract";
import type { ConsumeMessage } from "amqplib";

/** How often holders of a message were lost before it was sent anew, in a header of ours: a copy's own count begins at 0. */
export const LOSSES_HEADER = "x-dispatch-losses";

/** One subscription. What it was told at its beginning cannot be changed: so many messages may be unacknowledged. */
export interface Consumer {
  readonly tag: string;
  readonly prefetch: number;
  unacked: number;
}

/** How many messages they may still bring. */
export function openOf(consumers: readonly Consumer[]): number {
  return consumers.reduce((open, { prefetch, unacked }) => open + Math.max(0, prefetch - unacked), 0);
}

/** The life of a channel, as far as its receipts need it. */
export interface Life {
  /** Are earlier holders only told by a flag, as of classic queues? */
  readonly isFlagged: boolean;
  readonly isOver: boolean;
  readonly leases: SessionLeases<RabbitReceipt>;
  ack(receipts: readonly RabbitReceipt[]): void;
  giveBack(receipts: readonly RabbitReceipt[]): void;
}

/** What stands for one grant: a delivery tag, and the life of the channel that it is worth something in. */
export class RabbitReceipt implements Receipt {
  readonly queue: Queue;
  readonly life: Life;
  readonly consumer: Consumer;
  readonly message: ConsumeMessage;

  constructor(queue: Queue, life: Life, consumer: Consumer, message: ConsumeMessage) {
    this.queue = queue;
    this.life = life;
    this.consumer = consumer;
    this.message = message;
  }

  get tag(): number {
    return this.message.fields.deliveryTag;
  }

  /** Holders that were lost, as far as the server counts them: of a classic queue, whether there was a holder before. */
  get losses(): number {
    const { headers = {} } = this.message.properties;
    const before = countOf(headers[LOSSES_HEADER]);
    const count: unknown = headers["x-delivery-count"];
    if (count !== undefined) return before + countOf(count);
    return this.life.isFlagged && this.message.fields.redelivered ? 1 : before;
  }
}

/** Whoever may write to the queue writes what he likes into a header: what is no count is none. */
function countOf(said: unknown): number {
  const count = Number(said);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** Only work queues count: a look at dead letters is a grant too. */
export function deliveryOf(receipt: RabbitReceipt): Delivery {
  return new GrantedFrame(receipt, receipt.message.content, receipt.queue.role === "work" ? receipt.losses : 0);
}
