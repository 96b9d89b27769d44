import { randomBytes } from "node:crypto";
import type { Profile } from "@org/dispatch-core/contract";
import type { Case } from "./case.ts";
import { explained } from "./explained.ts";
import { alwaysHolds } from "./invariants.ts";
import type { Hook, Hooks } from "./world/hooks.ts";
import { World, type WorldOptions } from "./world/world.ts";

let cases = 0;
const process = randomBytes(3).toString("hex");

/** The fact of the profile that leaves a case out, or the hook that it needs and that was not given; `undefined` where it applies. */
export function leftOut(one: Case, profile: Profile, hooks: Hooks = {}): string | undefined {
  const applies = one.when?.(profile) ?? true;
  if (applies !== true) return applies;
  const hook = hookOf(one, profile);
  const isAbsent = hook !== undefined && profile.reach === "network" && hooks[hook] === undefined;
  return isAbsent ? `needs the hook ${hook}` : undefined;
}

function hookOf({ needs, endsSessions }: Case, { lease }: Profile): Hook | undefined {
  return needs ?? (endsSessions && lease.kind === "session" ? "proxy" : undefined);
}

/**
 * Runs one case in a fresh namespace, then checks what always holds, then stops all that the case has started. Throws what broke: an AssertionError whose
 * message begins with what was expected of the backend.
 */
export async function runCase(one: Case, options: Omit<WorldOptions, "namespace" | "seed">): Promise<void> {
  cases += 1;
  const world = new World({ ...options, namespace: `t${process}-${cases}`, seed: one.id });
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
