import type { Backend } from "./contract/index.ts";
import { DispatchError } from "./errors.ts";

/** Without one of these nothing would ever be sent or taken, and half a frame is none. */
const COUNTS = ["frameBytes", "batchFrames", "batchBytes", "inFlight"] as const;

/** Refuses a backend of another contract, and a profile with a number that no broker can have: what is planned from it might never end. Throws `CONFIG_INVALID`. */
export function checkBackend({ contract, name, profile }: Pick<Backend, "contract" | "name" | "profile">): void {
  const { lease, limits } = profile;
  const { delayPrecisionMs } = limits;
  const wrong = contract === 1 ? [] : [`contract is ${String(contract)}, this core knows 1`];
  for (const key of COUNTS) {
    const value = limits[key];
    if (!(Number.isSafeInteger(value) && value >= 1)) wrong.push(`${key} is ${value}, not a whole number from 1`);
  }
  for (const [key, value] of Object.entries({ ...profile, ...lease, delayPrecisionMs }))
    if (typeof value === "number" && !(value >= 0)) wrong.push(`${key} is ${value}, not 0 or more`);
  if (wrong.length > 0) throw new DispatchError("CONFIG_INVALID", `backend ${name}: ${wrong.join("; ")}`);
}
