import type { OutFrame } from "@org/dispatch-core/contract";

/** A frame with other values of its own. Its names are made when they are read, so they are read here. */
export function changedFrame(frame: OutFrame, change: Partial<OutFrame>): OutFrame {
  const { bytes, name, id, first, priority, delayMs, key } = frame;
  return { bytes, name, id, first, priority, delayMs, key, ...change };
}
