/**
 * The offsets above a watermark that are done, as a short text: runs (`R`: gap and length in turn, base 36) or bits (`B`: base64, lowest bit first),
 * whichever is shorter. Pure.
 */

/** `offsets` ascending, all at or above `base`. What does not fit into `mostCharacters` is left out from the top: those come again, none is lost. */
export function encodeDone(base: number, offsets: readonly number[], mostCharacters: number): string {
  if (offsets.length === 0) return "";
  const runs = encodeRuns(base, offsets, mostCharacters);
  const bits = encodeBits(base, offsets, mostCharacters);
  if (runs.count !== bits.count) return runs.count > bits.count ? runs.text : bits.text;
  return runs.text.length <= bits.text.length ? runs.text : bits.text;
}

/** The offsets of such a text, ascending. Answers `undefined` for one that was not made by `encodeDone`. */
export function decodeDone(base: number, text: string): number[] | undefined {
  if (text === "") return [];
  if (text.startsWith("R")) return decodeRuns(base, text.slice(1));
  return text.startsWith("B") ? decodeBits(base, text.slice(1)) : undefined;
}

interface Encoded {
  readonly text: string;
  /** How many offsets it holds. */
  readonly count: number;
}

function encodeRuns(base: number, offsets: readonly number[], mostCharacters: number): Encoded {
  let text = "R";
  let count = 0;
  let next = base;
  for (let at = 0; at < offsets.length; ) {
    const first = offsets[at] as number;
    let length = 1;
    while (offsets[at + length] === first + length) length += 1;
    const run = `${text === "R" ? "" : "."}${(first - next).toString(36)}.${length.toString(36)}`;
    if (text.length + run.length > mostCharacters) break;
    text += run;
    count += length;
    next = first + length;
    at += length;
  }
  return count === 0 ? { text: "", count } : { text, count };
}

function encodeBits(base: number, offsets: readonly number[], mostCharacters: number): Encoded {
  // Four characters hold three bytes.
  const mostBits = Math.floor((mostCharacters - 1) / 4) * 24;
  const fitting = offsets.filter((offset) => offset - base < mostBits);
  const last = fitting.at(-1);
  if (last === undefined) return { text: "", count: 0 };
  const bytes = Buffer.alloc(Math.floor((last - base) / 8) + 1);
  for (const offset of fitting) {
    const place = offset - base;
    bytes[place >>> 3] = (bytes[place >>> 3] as number) | (1 << (place & 7));
  }
  return { text: `B${bytes.toString("base64")}`, count: fitting.length };
}

/** A damaged text must not make this process count for ever. */
const MOST_OFFSETS = 1_000_000;

function decodeRuns(base: number, text: string): number[] | undefined {
  const numbers = text
    .split(".")
    .map((part) => (/^[0-9a-z]{1,10}$/.test(part) ? Number.parseInt(part, 36) : Number.NaN));
  if (numbers.length % 2 !== 0 || numbers.some(Number.isNaN)) return undefined;
  const offsets: number[] = [];
  let next = base;
  for (let at = 0; at < numbers.length; at += 2) {
    next += numbers[at] as number;
    const end = next + (numbers[at + 1] as number);
    if (offsets.length + end - next > MOST_OFFSETS) return undefined;
    for (; next < end; next += 1) offsets.push(next);
  }
  return offsets;
}

function decodeBits(base: number, text: string): number[] | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const offsets: number[] = [];
  for (const [at, byte] of Buffer.from(text, "base64").entries()) {
    for (let bit = 0; bit < 8; bit += 1) if (byte & (1 << bit)) offsets.push(base + at * 8 + bit);
  }
  return offsets;
}
