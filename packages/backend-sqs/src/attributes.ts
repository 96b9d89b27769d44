import type { Queue } from "@org/dispatch-core/contract";
import type { Settings } from "./options.ts";
import { RETENTION_MS, secondsOf } from "./profile.ts";

/** Attributes that a standard queue is refused with (API reference, CreateQueue). */
const OF_FIFO = ["FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"];

/** What a queue is made with. Of the user's attributes those of FIFO queues are left out where it is none. */
export function attributesOf(queue: Queue, { frameBytes, queueAttributes, naming }: Settings): Record<string, string> {
  const isFifo = queue.role === "work" && naming.fifo;
  const given = Object.entries(queueAttributes).filter(([name]) => isFifo || !OF_FIFO.includes(name));
  return {
    MessageRetentionPeriod: String(secondsOf(RETENTION_MS)),
    MaximumMessageSize: String(frameBytes),
    ...(isFifo && { FifoQueue: "true" }),
    ...Object.fromEntries(given),
  };
}
