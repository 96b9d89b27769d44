import type { Message } from "@aws-sdk/client-sqs";
import { GrantedFrame } from "@org/dispatch-core/adapter-kit";
import type { Delivery, Queue, Receipt } from "@org/dispatch-core/contract";

/** What stands for one grant: its handle, and what is known of it here. */
export class SqsReceipt implements Receipt {
  readonly queue: Queue;
  readonly handle: string;
  /** The longest lease that was asked for. */
  leaseMs: number;
  /** It was acked or released: the handle may still work, and must not. */
  isEnded = false;

  constructor(queue: Queue, handle: string, leaseMs: number) {
    this.queue = queue;
    this.handle = handle;
    this.leaseMs = leaseMs;
  }
}

/** A message in hand. */
export interface Held {
  readonly receipt: SqsReceipt;
  readonly message: Message;
}

/** How often it was received, this time included. */
export function receivesOf({ Attributes }: Message): number {
  return Number(Attributes?.ApproximateReceiveCount ?? 1);
}

/** Only work queues count: a look at dead letters is a receive too. */
export function deliveryOf({ receipt, message }: Held): Delivery {
  const redelivery = receipt.queue.role === "work" ? Math.max(0, receivesOf(message) - 1) : 0;
  return new GrantedFrame(receipt, Buffer.from(message.Body ?? ""), redelivery);
}
