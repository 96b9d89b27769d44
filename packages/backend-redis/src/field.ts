/** The bytes of a run's name, and of the largest index. */
const RUN = { characters: 11, bytes: 8 };
const INDEX_BYTES = 4;
const PLAIN = 0x69;
const PACKED = 0x70;

/** Frames of one run come in a row, so the last one is remembered. */
const last = { text: "", bytes: Buffer.alloc(RUN.bytes) };

/** The most bytes that `writeField` writes. */
export function fieldSize(id: string): number {
  return 1 + Math.max(RUN.bytes + INDEX_BYTES, id.length * 3);
}

/**
 * Writes under what a task's record stands: `i` and its id, or `p` and the same packed. Most ids are those of runs, eight bytes as base64url, a slash and
 * a number: packed they take up to 14 bytes less, twice, of every waiting task. Different ids have different fields. Answers where it ended.
 */
export function writeField(bytes: Buffer, at: number, id: string): number {
  const index = indexOf(id);
  if (index < 0 || !isRun(id)) {
    bytes[at] = PLAIN;
    return at + 1 + bytes.write(id, at + 1, "utf8");
  }
  bytes[at] = PACKED;
  let end = at + 1;
  for (let place = 0; place < RUN.bytes; place += 1) bytes[end++] = last.bytes[place] as number;
  if (index > 0xff_ffff) bytes[end++] = index >>> 24;
  if (index > 0xffff) bytes[end++] = index >>> 16;
  if (index > 0xff) bytes[end++] = index >>> 8;
  bytes[end++] = index;
  return end;
}

/** The number after the slash, where it stands there as numbers are written and fits; else -1. */
function indexOf(id: string): number {
  const from = RUN.characters + 1;
  if (id.length <= from || id.length > from + 10 || id.charCodeAt(RUN.characters) !== 0x2f) return -1;
  if (id.charCodeAt(from) === 0x30 && id.length > from + 1) return -1;
  let index = 0;
  for (let place = from; place < id.length; place += 1) {
    const digit = id.charCodeAt(place) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    index = index * 10 + digit;
  }
  return index > 0xffff_ffff ? -1 : index;
}

/** Is what stands before the slash the one text of eight bytes? Then they are in `last`. */
function isRun(id: string): boolean {
  if (last.text !== "" && id.startsWith(last.text)) return true;
  const text = id.slice(0, RUN.characters);
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length !== RUN.bytes || bytes.toString("base64url") !== text) return false;
  last.text = text;
  last.bytes = bytes;
  return true;
}
