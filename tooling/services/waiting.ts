/** Waiting for what another process does. */
import { setTimeout as pause } from "node:timers/promises";

/** Asks again and again until it is so, for at most `maxMs`; false where it never was. What `isSo` throws ends the waiting. */
export async function until(isSo: () => boolean | Promise<boolean>, maxMs: number, everyMs = 20): Promise<boolean> {
  const end = performance.now() + maxMs;
  while (!(await isSo())) {
    if (performance.now() >= end) return false;
    await pause(everyMs);
  }
  return true;
}
