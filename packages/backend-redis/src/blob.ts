import type { OutFrame } from "@org/dispatch-core/contract";
import { fieldSize, writeField } from "./field.ts";

/** Two to the power of 32; delays are six bytes. */
const HIGH = 0x1_0000_0000;
/** The longest delay that a sorted set's score can carry exactly: some 8,900 years. */
const MOST_DELAY_MS = 2 ** 48 - 1;

/**
 * One argument of a script, instead of thousands: lengths and values in the order in which the script unpacks them, big-endian. Written once, into memory
 * of its exact size, because the client may keep it until it is on the wire.
 */
export class Blob {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  byte(value: number): this {
    this.#bytes[this.#at] = value;
    this.#at += 1;
    return this;
  }

  short(value: number): this {
    this.#at = this.#bytes.writeUInt16BE(value, this.#at);
    return this;
  }

  delay(ms: number): this {
    const whole = Math.min(MOST_DELAY_MS, Math.max(0, Math.ceil(ms)));
    this.#at = this.#bytes.writeUInt16BE(Math.floor(whole / HIGH), this.#at);
    this.#at = this.#bytes.writeUInt32BE(whole % HIGH, this.#at);
    return this;
  }

  lease(lease: Uint8Array): this {
    this.short(lease.length);
    this.#bytes.set(lease, this.#at);
    this.#at += lease.length;
    return this;
  }

  /** Priority, delay, the field of its record (none without an `id`: the script makes one), bytes (none where they travel apart). */
  frame(frame: OutFrame, id: string | undefined, bytes: Uint8Array = frame.bytes): this {
    this.byte(Math.max(0, Math.min(10, frame.priority | 0))).delay(frame.delayMs);
    const fieldAt = this.#at + 2;
    const fieldEnd = id === undefined ? fieldAt : writeField(this.#bytes, fieldAt, id);
    this.short(fieldEnd - fieldAt);
    this.#at = fieldEnd;
    this.#at = this.#bytes.writeUInt32BE(bytes.length, this.#at);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  /** What was written. */
  end(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }
}

/** The most bytes that `frame` can write. */
export function frameSize(frame: OutFrame, id: string | undefined, bytes: Uint8Array = frame.bytes): number {
  return 13 + (id === undefined ? 0 : fieldSize(id)) + bytes.length;
}
