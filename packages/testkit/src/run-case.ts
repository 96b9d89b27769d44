import { randomBytes } from "node:crypto";
import type { Profile } from "@org/dispatch-core/contract";
import type { Case } from "./case.ts";
import { alwaysHolds } from "./invariants.ts";
import { World, type WorldOptions } from "./world/world.ts";

let cases = 0;
const process = randomBytes(3).toString("hex");

/** The fact of the profile that leaves a case out; `undefined` where it applies. */
export function leftOut(one: Case, profile: Profile): string | undefined {
  const applies = one.when?.(profile) ?? true;
  return applies === true ? undefined : applies;
}

/**
 * Runs one case in a fresh namespace, then checks what always holds, then stops all that the case has started. Throws what broke: an AssertionError whose
 * message begins with what was expected of the backend.
 */
export async function runCase(one: Case, options: Pick<WorldOptions, "backend" | "slackMs">): Promise<void> {
  cases += 1;
  const { backend, slackMs } = options;
  const world = new World({ backend, slackMs, namespace: `t${process}-${cases}`, seed: one.id });
  let failure: unknown;
  try {
    await one.run(world);
    alwaysHolds(world);
  } catch (error) {
    failure = error;
  }
  try {
    await world.end();
  } catch (error) {
    failure ??= error;
  }
  if (failure !== undefined) throw explained(failure, one);
}

function explained(failure: unknown, { id, cites, expects }: Case): unknown {
  if (!(failure instanceof Error)) return failure;
  failure.message = `${id} (${cites.join(", ")}): ${expects}\n${failure.message}`;
  return failure;
}
