/** `up`: what the client sends to the broker · `down`: what the broker answers. */
export type Direction = "up" | "down";

/** Both ways, or one of them. */
export type Directions = Direction | "both";

/** What is wrong with one direction of the wire now. */
export interface WireFault {
  latencyMs: number;
  jitterMs: number;
  /** 0: as fast as the machine. */
  bytesPerSecond: number;
  isBlack: boolean;
  /** So many bytes still pass, then the connection that brings one more is reset; `undefined`: no cut is ahead. */
  cutIn: number | undefined;
  /** So many bytes still pass as they are, the next one is changed; `undefined`: none will be. */
  corruptIn: number | undefined;
}

export function directionsOf(directions: Directions): readonly Direction[] {
  return directions === "both" ? ["up", "down"] : [directions];
}

/** Nothing is wrong. */
export function soundWire(): WireFault {
  return { latencyMs: 0, jitterMs: 0, bytesPerSecond: 0, isBlack: false, cutIn: undefined, corruptIn: undefined };
}

/** Changes one byte if it is its turn; a copy, the bytes given stay as they are. */
export function corrupted(fault: WireFault, bytes: Buffer): Buffer {
  const at = fault.corruptIn;
  if (at === undefined) return bytes;
  if (at >= bytes.length) {
    fault.corruptIn = at - bytes.length;
    return bytes;
  }
  fault.corruptIn = undefined;
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 0xff;
  return changed;
}

/** How many of these bytes may still pass; fewer than all: the cut is here, and is used up. */
export function passing(fault: WireFault, bytes: number): number {
  const left = fault.cutIn;
  if (left === undefined) return bytes;
  if (left >= bytes) {
    fault.cutIn = left - bytes;
    return bytes;
  }
  fault.cutIn = undefined;
  return left;
}
