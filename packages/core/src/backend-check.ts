import type { Backend } from "./contract/index.ts";
import { DispatchError } from "./errors.ts";

/** Refuses a backend of another contract, and a profile with a number that no broker can have: what is planned from it might never end. Throws `CONFIG_INVALID`. */
export function checkBackend({ contract, name, profile }: Pick<Backend, "contract" | "name" | "profile">): void {
  const { lease, limits } = profile;
  const wrong = contract === 1 ? [] : [`contract is ${String(contract)}, this core knows 1`];
  for (const [key, value] of Object.entries({ ...profile, ...lease, ...limits })) {
    // Without one of these nothing would ever be sent or taken.
    const least = key in limits && key !== "delayPrecisionMs" ? 1 : 0;
    if (typeof value === "number" && !(value >= least)) wrong.push(`${key} is ${value}, not ${least} or more`);
  }
  if (wrong.length > 0) throw new DispatchError("CONFIG_INVALID", `backend ${name}: ${wrong.join("; ")}`);
}
