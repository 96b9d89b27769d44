import { type Profile, UNLIMITED } from "@org/dispatch-core/contract";

/** An idle worker looks for frames all the time, on a virtual clock too: half a day of that is cheap. Longer delays are waited for by nobody. */
const IDLE_MS = 43_200_000;

/** Can a case wait for more than the broker's own delay, with workers that are idle meanwhile? */
export function canBePassed({ sendDelayMs, reach }: Profile): true | string {
  if (sendDelayMs >= UNLIMITED) return `sendDelayMs ${sendDelayMs}`;
  if (sendDelayMs > IDLE_MS) return `sendDelayMs ${sendDelayMs}: from-50-ms-to-40-days goes beyond it`;
  return sendDelayMs === 0 || reach === "process" || `reach ${reach}: the clock is the machine's`;
}
