import type { Delivery, Receipt } from "../contract/index.ts";

/**
 * A frame as it is handed out. A class, since V8 makes a literal of which most seemed to live long, as in the first moments of a run, in the old part of the
 * heap from then on: there it keeps its receipt and its bytes, and all that these lead to, long after its task has ended.
 */
export class GrantedFrame implements Delivery {
  readonly receipt: Receipt;
  readonly bytes: Uint8Array;
  readonly redelivery: number;

  constructor(receipt: Receipt, bytes: Uint8Array, redelivery: number) {
    this.receipt = receipt;
    this.bytes = bytes;
    this.redelivery = redelivery;
  }
}
