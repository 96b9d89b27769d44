import { type Document, type Entry, lineAt, MAX_DEPTH, SyntaxProblem } from "./document.ts";

const BLANK = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
// What cannot be in a text is found by JSON.parse, which judges the escapes too.
const TEXT = /"(?:[^"\\]|\\.)*"/sy;

/**
 * Reads strict JSON. Node's own reader would do, but for three things: its messages quote the file, secrets included, and often have no line; and the
 * second of two equal keys wins in silence. Throws `SyntaxProblem`.
 */
export function readJson(text: string): Document {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  if (!(value instanceof Map)) throw new SyntaxProblem("the file is no object of keys and values", 1);
  return { root: value };
}

class Reader {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): unknown {
    this.#match(BLANK);
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth + 1);
      case "[":
        return this.#list(depth + 1);
      case '"':
        return this.#quoted();
      default: {
        const word = this.#match(NUMBER) || this.#match(WORD);
        if (word === "") this.#fail("a value is expected here");
        return JSON.parse(word);
      }
    }
  }

  end(): void {
    this.#match(BLANK);
    if (this.#at < this.#text.length) this.#fail("the document has ended, but more follows");
  }

  #object(depth: number): Map<string, Entry> {
    const section = new Map<string, Entry>();
    this.#items("}", depth, () => {
      if (this.#text[this.#at] !== '"') this.#fail('a key in double quotes is expected here, or "}"');
      const line = lineAt(this.#text, this.#at);
      const key = this.#quoted();
      if (section.has(key))
        throw new SyntaxProblem(`the key ${JSON.stringify(key)} stands here for the second time`, line);
      this.#match(BLANK);
      if (!this.#take(":")) this.#fail('":" is expected after a key');
      section.set(key, { value: this.value(depth), line });
    });
    return section;
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = [];
    this.#items("]", depth, () => void list.push(this.value(depth)));
    return list;
  }

  #items(close: string, depth: number, item: () => void): void {
    if (depth > MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH}`);
    this.#at += 1;
    this.#match(BLANK);
    if (this.#take(close)) return;
    do {
      this.#match(BLANK);
      item();
      this.#match(BLANK);
    } while (this.#take(","));
    if (!this.#take(close)) this.#fail(`"," or "${close}" is expected here`);
  }

  #quoted(): string {
    const start = this.#at;
    const token = this.#match(TEXT);
    if (token === "") this.#fail("a text is not closed");
    try {
      return JSON.parse(token) as string;
    } catch {
      throw new SyntaxProblem(
        "a text holds a line break, a control character or a wrong escape",
        lineAt(this.#text, start),
      );
    }
  }

  #take(mark: string): boolean {
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #fail(message: string): never {
    throw new SyntaxProblem(`JSON: ${message}`, lineAt(this.#text, this.#at));
  }
}
