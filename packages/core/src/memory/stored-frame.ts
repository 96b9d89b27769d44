/** A frame as a queue keeps it, from its send to its ack. */
export class StoredFrame {
  /** The sender's own bytes, not a copy. */
  readonly bytes: Uint8Array;
  /** 0–10, 10 highest. */
  readonly level: number;
  /** The id that it keeps taken; `undefined` in a queue that holds no tasks. */
  readonly id: string | undefined;
  /** Its place in the queue: lower came first. New when a delay is over, since it queues up only then. */
  sequence: number;
  /** On the clock, in ms; only meant while the frame is delayed. */
  dueAtMs = 0;
  /** How often a lease of it expired. */
  redelivery = 0;

  constructor(bytes: Uint8Array, level: number, id: string | undefined, sequence: number) {
    this.bytes = bytes;
    this.level = level;
    this.id = id;
    this.sequence = sequence;
  }
}
