/** The polynomial of Castagnoli, as record batches are signed with it, bits reversed. */
const POLYNOMIAL = 0x82f63b78;
const BYTES = 16;

/** Sixteen tables, so that sixteen bytes are one step: a table each for how far a byte is from the end of its sixteen. */
const tables = Array.from({ length: BYTES }, () => new Int32Array(256));
for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  (tables[0] as Int32Array)[byte] = crc;
}
for (let at = 1; at < BYTES; at += 1) {
  const [first, before, table] = [tables[0], tables[at - 1], tables[at]] as [Int32Array, Int32Array, Int32Array];
  for (let byte = 0; byte < 256; byte += 1) {
    const crc = before[byte] as number;
    table[byte] = (first[crc & 0xff] as number) ^ (crc >>> 8);
  }
}
type Sixteen = readonly [...Eight, ...Eight];
type Eight = readonly [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array]; // biome-ignore format: one line
const [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15] = tables as unknown as Sixteen;

/** CRC-32C of some bytes, signed: what does not fit into 32 bits is an object for V8. Node's own crc32 has another polynomial. */
export function crc32c(bytes: Buffer, from: number, to: number): number {
  const end = to - ((to - from) % BYTES);
  return ~singly(bytes, end, to, bySixteen(bytes, from, end, -1));
}

/**
 * In a function of its own: where the loop is compiled while it runs, V8 keeps code that gives up at whatever comes after it, and comes back to it each time.
 * A view reads four bytes at a time, where a Buffer puts them together itself.
 */
function bySixteen(bytes: Buffer, from: number, to: number, before: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let crc = before;
  for (let at = from; at < to; at += BYTES) {
    const a = crc ^ view.getInt32(at, true);
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    crc = four(t15, t14, t13, t12, a) ^ four(t11, t10, t9, t8, b) ^ four(t7, t6, t5, t4, c) ^ four(t3, t2, t1, t0, d);
  }
  return crc;
}

function singly(bytes: Buffer, from: number, to: number, before: number): number {
  let crc = before;
  for (let at = from; at < to; at += 1) crc = (t0[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return crc;
}

function four(first: Int32Array, second: Int32Array, third: Int32Array, fourth: Int32Array, word: number): number {
  return (
    (first[word & 0xff] as number) ^
    (second[(word >>> 8) & 0xff] as number) ^
    (third[(word >>> 16) & 0xff] as number) ^
    (fourth[word >>> 24] as number)
  );
}
