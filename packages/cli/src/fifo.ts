import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import type { Clock } from "@org/dispatch-core/contract";
import { type SignalWatch, unlessStopped } from "./signals.ts";

// As a file, a FIFO blocks a thread until its other end is there, and again for each read and write; no signal gets past that, and the process cannot
// even exit. As a socket it is only waited for.

/** How often a FIFO that nobody reads is tried, in ms. */
const TRY_MS = 50;

/** Opens a FIFO to read from. Does not wait for a writer: the first read does. */
export function fifoToRead(path: string): Socket {
  return new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false });
}

/** Opens a FIFO to write to, as soon as somebody reads it. Throws SHUTTING_DOWN at the first signal, and the system's error where it may not. */
export async function fifoToWrite(path: string, clock: Clock, signals: Pick<SignalWatch, "first">): Promise<Socket> {
  for (;;) {
    const fd = openToWrite(path);
    if (fd !== undefined) return new Socket({ fd, readable: false, writable: true });
    await unlessStopped(signals, new Promise<void>((resolve) => void clock.after(TRY_MS, resolve)));
  }
}

function openToWrite(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENXIO") return undefined;
    throw error;
  }
}
