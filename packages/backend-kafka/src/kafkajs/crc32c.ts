/** The polynomial of Castagnoli, as record batches are signed with it, bits reversed. */
const POLYNOMIAL = 0x82f63b78;
const BYTES = 8;

/** Eight tables, so that eight bytes are one step: a table each for how far a byte is from the end of its eight. */
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
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array]; // biome-ignore format: one line

/** CRC-32C of some bytes. Node's own crc32 has another polynomial. */
export function crc32c(bytes: Buffer, from: number, to: number): number {
  let crc = -1;
  let at = from;
  for (; at + BYTES <= to; at += BYTES) {
    const low = crc ^ bytes.readInt32LE(at);
    const high = bytes.readInt32LE(at + 4);
    crc =
      (t7[low & 0xff] as number) ^
      (t6[(low >>> 8) & 0xff] as number) ^
      (t5[(low >>> 16) & 0xff] as number) ^
      (t4[low >>> 24] as number) ^
      (t3[high & 0xff] as number) ^
      (t2[(high >>> 8) & 0xff] as number) ^
      (t1[(high >>> 16) & 0xff] as number) ^
      (t0[high >>> 24] as number);
  }
  for (; at < to; at += 1) crc = (t0[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}
