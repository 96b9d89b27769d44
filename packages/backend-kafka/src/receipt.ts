import type { Queue, Receipt } from "@org/dispatch-core/contract";
import type { LogRecord } from "./port.ts";
import type { Source } from "./source.ts";
import type { Tracker } from "./tracker.ts";

/** One grant of one record. It is worth nothing any more when its tracker is not its source's, or when the record was given back. */
export class LogReceipt implements Receipt {
  readonly queue: Queue;
  readonly source: Source;
  readonly tracker: Tracker;
  readonly record: LogRecord;
  readonly redelivery: number;

  constructor(source: Source, tracker: Tracker, record: LogRecord, redelivery: number) {
    this.queue = source.queue;
    this.source = source;
    this.tracker = tracker;
    this.record = record;
    this.redelivery = redelivery;
  }

  /** Another grant of the same. */
  again(redelivery: number): LogReceipt {
    return new LogReceipt(this.source, this.tracker, this.record, redelivery);
  }
}
