/** The longest line or element in bytes: core refuses a payload above 16 MiB, so a longer one need not be held in memory to be refused. */
export const MAX_CUT_BYTES = 16 * 1024 * 1024;

/** One line or one element of the input: where it begins, and its bytes, or why they cannot be used. */
export interface Cut {
  /** From 1, as editors count. */
  readonly line: number;
  readonly bytes: Buffer;
  /** Why it is malformed, where that is known before it is parsed. */
  readonly fault?: string;
}

/** The parts of a line or an element that is not complete yet; lets go of it, and only counts on, once it is above the bound. */
export class HeldBytes {
  #parts: Buffer[] = [];
  #bytes = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number = MAX_CUT_BYTES) {
    this.#maxBytes = maxBytes;
  }

  hold(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  /** What was held, as the cut of that line; empty afterwards. */
  cut(line: number): Cut {
    const tooLong = this.#bytes > this.#maxBytes;
    const bytes = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    return tooLong ? { line, bytes, fault: `longer than ${this.#maxBytes} bytes` } : { line, bytes };
  }
}

/** Is this byte a space, a tab, or part of a line break: JSON's white space? */
export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
