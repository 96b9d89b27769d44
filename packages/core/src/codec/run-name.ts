import { at } from "./header.ts";

/** A run's name on the wire: 8 bytes, which are 11 characters of base64url as text. Frames of one run come in a row, so the last one is remembered. */
const written = { text: "", bytes: Buffer.alloc(8) };
const read = { high: -1, low: -1, text: "" };

export function writeRun(frame: Buffer, run: string): void {
  if (written.text !== run) {
    written.bytes = Buffer.alloc(8);
    written.bytes.write(run, 0, 8, "base64url");
    written.text = run;
  }
  for (let index = 0; index < 8; index += 1) frame[at.run + index] = written.bytes[index] as number;
}

export function readRun(frame: Buffer): string {
  const high = frame.readUInt32BE(at.run);
  const low = frame.readUInt32BE(at.run + 4);
  if (high !== read.high || low !== read.low) {
    read.text = frame.toString("base64url", at.run, at.run + 8);
    read.high = high;
    read.low = low;
  }
  return read.text;
}
