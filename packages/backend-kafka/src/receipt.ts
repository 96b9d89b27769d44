import type { HoldOutcome, Queue, Receipt, Settlement } from "@org/dispatch-core/contract";
import type { LogRecord } from "./port.ts";
import type { Tracker } from "./tracker.ts";

/** Where a receipt is of worth: the queue that has granted it. */
export interface ReceiptHome {
  readonly queue: Queue;
  /** Is this process a member still? Throws where nobody can say. */
  proven(): boolean | Promise<boolean>;
  renew(receipt: LogReceipt, leaseMs: number): HoldOutcome;
  settle(receipt: LogReceipt, kind: Settlement["kind"]): HoldOutcome;
  /** Some were settled: others may be handed out. */
  settled(): void;
  /** Nobody has renewed it. */
  expired(receipt: LogReceipt): void;
}

/** One grant of one record. It is worth nothing any more when its tracker is not its home's, or when the record was given back. */
export class LogReceipt implements Receipt {
  readonly queue: Queue;
  readonly home: ReceiptHome;
  readonly tracker: Tracker;
  readonly record: LogRecord;
  readonly redelivery: number;

  constructor(home: ReceiptHome, tracker: Tracker, record: LogRecord, redelivery: number) {
    this.queue = home.queue;
    this.home = home;
    this.tracker = tracker;
    this.record = record;
    this.redelivery = redelivery;
  }

  /** Another grant of the same. */
  again(redelivery: number): LogReceipt {
    return new LogReceipt(this.home, this.tracker, this.record, redelivery);
  }
}
