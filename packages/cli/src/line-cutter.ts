import { type Cut, HeldBytes, isSpace, MAX_CUT_BYTES } from "./held-bytes.ts";

const NEW_LINE = 0x0a;

/** Cuts chunks of bytes into lines. Holds one unfinished line at most, up to the bound. Blank lines are counted, and left out. */
export class LineCutter {
  #line = 1;
  readonly #held: HeldBytes;

  constructor(maxBytes: number = MAX_CUT_BYTES) {
    this.#held = new HeldBytes(maxBytes);
  }

  /** The lines that end in this chunk. */
  *push(chunk: Buffer): Generator<Cut> {
    let start = 0;
    for (let end = chunk.indexOf(NEW_LINE); end >= 0; end = chunk.indexOf(NEW_LINE, start)) {
      this.#held.hold(chunk.subarray(start, end));
      yield* this.#cut();
      this.#line += 1;
      start = end + 1;
    }
    this.#held.hold(chunk.subarray(start));
  }

  /** The last line, where no line break ends it. */
  *end(): Generator<Cut> {
    yield* this.#cut();
  }

  *#cut(): Generator<Cut> {
    const cut = this.#held.cut(this.#line);
    if (cut.fault !== undefined || !cut.bytes.every(isSpace)) yield cut;
  }
}
