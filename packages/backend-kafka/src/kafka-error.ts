import type { CallCode } from "@org/dispatch-core/contract";

/** What this adapter says itself, where the client has no error of its own. */
export class KafkaRefusal extends Error {
  override readonly name = "KafkaRefusal";
  readonly code: CallCode;

  constructor(code: CallCode, message: string) {
    super(message);
    this.code = code;
  }
}
