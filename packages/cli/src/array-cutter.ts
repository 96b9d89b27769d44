import { type Cut, HeldBytes, isSpace, MAX_CUT_BYTES } from "./held-bytes.ts";

const NEW_LINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const NONE = Buffer.alloc(0);

/**
 * Cuts the bytes of one JSON array into its elements without parsing them: it only follows strings and depth, and leaves the rest to `JSON.parse`. So
 * a malformed element is one cut, and those after it go on. Holds one unfinished element at most, up to the bound.
 *
 * | where | byte | then |
 * |---|---|---|
 * | before | `[` | within, depth 1 |
 * | within, in a string | `\` any · `"` | nothing · out of the string |
 * | within, depth 1 | `,` · `]` | cut · cut, and after |
 * | within, deeper | `[` `{` · `]` `}` | depth + 1 · depth − 1 |
 * | after | anything but white space | one faulty cut, and the rest is not read |
 */
export class ArrayCutter {
  #where: "before" | "within" | "after" | "beyond" = "before";
  #depth = 1;
  #inString = false;
  #escaped = false;
  #line = 1;
  /** Where the element begins; undefined while only white space has come. */
  #beginsAt: number | undefined;
  #hasCut = false;
  readonly #held: HeldBytes;

  constructor(maxBytes: number = MAX_CUT_BYTES) {
    this.#held = new HeldBytes(maxBytes);
  }

  /** The elements that end in this chunk. */
  *push(chunk: Buffer): Generator<Cut> {
    let start = 0;
    for (let at = 0; at < chunk.length && this.#where !== "beyond"; at += 1) {
      const byte = chunk[at] as number;
      if (byte === NEW_LINE) this.#line += 1;
      if (this.#where === "within") {
        if (this.#endsElement(byte)) {
          this.#held.hold(chunk.subarray(start, at));
          start = at + 1;
          yield* this.#cut(byte === CLOSE_ARRAY);
        } else if (this.#beginsAt === undefined) {
          start = at;
          if (!isSpace(byte)) this.#beginsAt = this.#line;
        }
      } else if (!isSpace(byte)) {
        if (this.#where === "after")
          yield { line: this.#line, bytes: NONE, fault: "more text after the end of the JSON array" };
        this.#where = this.#where === "before" ? "within" : "beyond";
        start = at + 1;
      }
    }
    if (this.#where === "within" && this.#beginsAt !== undefined) this.#held.hold(chunk.subarray(start));
  }

  /** What is left where the array is not closed. */
  *end(): Generator<Cut> {
    if (this.#where !== "within") return;
    yield { line: this.#beginsAt ?? this.#line, bytes: NONE, fault: "the JSON array is not closed" };
  }

  /** Follows strings and depth; true where this byte ends an element of the array itself. */
  #endsElement(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return false;
    }
    if (byte === QUOTE) this.#inString = true;
    else if (this.#depth === 1 && (byte === COMMA || byte === CLOSE_ARRAY)) return true;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.#depth += 1;
    else if ((byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) && this.#depth > 1) this.#depth -= 1;
    return false;
  }

  *#cut(last: boolean): Generator<Cut> {
    const line = this.#beginsAt;
    const isOnly = last && !this.#hasCut;
    const cut = this.#held.cut(line ?? this.#line);
    this.#beginsAt = undefined;
    this.#hasCut = true;
    if (last) this.#where = "after";
    if (line !== undefined) yield cut;
    else if (!isOnly) yield { ...cut, fault: "an element of the JSON array is missing" };
  }
}
