import type { Delivery, Queue, Receipt } from "@org/dispatch-core/contract";
import type { ConsumeMessage } from "amqplib";
import type { ChannelLife, Consumer } from "./channel-life.ts";

/** How often holders of a message were lost before it was sent anew, in a header of ours: a copy's own count begins at 0. */
export const LOSSES_HEADER = "x-dispatch-losses";

/** What stands for one grant: a delivery tag, and the life of the channel that it is worth something in. */
export class RabbitReceipt implements Receipt {
  readonly queue: Queue;
  readonly life: ChannelLife;
  readonly consumer: Consumer;
  readonly message: ConsumeMessage;

  constructor(queue: Queue, life: ChannelLife, consumer: Consumer, message: ConsumeMessage) {
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
    const before = Number(headers[LOSSES_HEADER] ?? 0);
    const count = headers["x-delivery-count"];
    if (count !== undefined) return before + Number(count);
    return this.life.isFlagged && this.message.fields.redelivered ? 1 : before;
  }
}

/** Only work queues count: a look at dead letters is a grant too. */
export function deliveryOf(receipt: RabbitReceipt): Delivery {
  return {
    receipt,
    bytes: receipt.message.content,
    redelivery: receipt.queue.role === "work" ? receipt.losses : 0,
  };
}
