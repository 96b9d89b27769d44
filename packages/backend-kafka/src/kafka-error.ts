import type { CallCode, Queue } from "@org/dispatch-core/contract";

/** What this adapter says itself, where the client has no error of its own. */
export class KafkaRefusal extends Error {
  override readonly name = "KafkaRefusal";
  readonly code: CallCode;
  /** Of an `open`: the queues that are not there. */
  readonly missing: readonly Queue[] | undefined;

  constructor(code: CallCode, message: string, missing?: readonly Queue[]) {
    super(message);
    this.code = code;
    this.missing = missing;
  }
}

export function closed(): KafkaRefusal {
  return new KafkaRefusal("CLOSED", "the Kafka backend is closed");
}

export function missing(topic: string): KafkaRefusal {
  return new KafkaRefusal("MISSING", `there is no topic "${topic}"`);
}
