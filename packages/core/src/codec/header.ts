import type { FrameType } from "../contract/index.ts";

/**
 * The fixed part of a frame, big-endian. It never changes its length within a version, so that the counters of a copy are patched in place.
 *
 * | offset | bytes | field                         | offset | bytes | field                   |
 * |--------|-------|-------------------------------|--------|-------|-------------------------|
 * | 0      | 1     | magic 0xD7                    | 10     | 1     | lost                    |
 * | 1      | 1     | version (high), type (low)    | 11     | 8     | run                     |
 * | 2      | 2     | four codecs, 4 bits each      | 19     | 4     | index of the first task |
 * | 4      | 1     | priority                      | 23     | 2     | count of tasks          |
 * | 5      | 1     | round                         | 25     | 3     | bytes of the extension  |
 * | 6      | 2     | attempt                       | 28     |       | extension, then body    |
 * | 8      | 2     | copy                          |        |       |                         |
 */
export const HEADER_BYTES = 28;
export const MAGIC = 0xd7;
export const VERSION = 1;

export const at = Object.freeze({
  magic: 0,
  kind: 1,
  codecs: 2,
  priority: 4,
  round: 5,
  attempt: 6,
  copy: 8,
  lost: 10,
  run: 11,
  first: 19,
  count: 23,
  extension: 25,
});

/** What fits into each counter; a counter that is full stays there. */
export const most = Object.freeze({
  round: 0xff,
  attempt: 0xffff,
  copy: 0xffff,
  lost: 0xff,
  first: 0xffff_ffff,
  extension: 0xff_ffff,
});

/** The place in this list is the number on the wire: append only. */
export const frameTypes: readonly FrameType[] = Object.freeze(["task", "result", "beat", "control"]);

/** Four codecs in the order in which they were applied, 0 for none; the numbers are in json.ts and, later, beside each codec. */
export function packCodecs(codecs: readonly number[]): number {
  return (((codecs[0] ?? 0) << 12) | ((codecs[1] ?? 0) << 8) | ((codecs[2] ?? 0) << 4) | (codecs[3] ?? 0)) >>> 0;
}

export function unpackCodecs(packed: number): number[] {
  return [packed >>> 12, (packed >>> 8) & 15, (packed >>> 4) & 15, packed & 15].filter((codec) => codec !== 0);
}
