import type { OptionalVerb, Profile } from "@org/dispatch-core/contract";
import type { Hook } from "./world/hooks.ts";
import type { World } from "./world/world.ts";

/** `seam`: one backend object · `system`: dispatcher, workers and coordinator on it · `chaos`: with faults · `stress`: with load. */
export const LEVELS = ["seam", "system", "chaos", "stress"] as const;
export type Level = (typeof LEVELS)[number];

/** The promises that the suite checks; the package's README has the text of each. */
export type InvariantId =
  | `I${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18 | 19 | 20}`
  | `L${1 | 2}`;

/** One case, as data: any runner can run it. */
export interface Case {
  /** `level.area.name`. A promise: docs and errors cite it, it is never renamed. */
  readonly id: string;
  readonly level: Level;
  readonly cites: readonly InvariantId[];
  /** What is expected of an adapter, in words that its author understands; the report of a failure begins with it. */
  readonly expects: string;
  /** `true` where the case applies, else the fact of the profile that leaves it out. Nothing but the profile may decide. */
  when?(profile: Profile): true | string;
  /** What it asks of the surroundings of a broker that lives elsewhere; in this process the world does it by itself. */
  readonly needs?: Hook;
  /** Kills or stops a process and its connection: where the lease is that of a session elsewhere, this takes the hook `proxy`, or nothing would end. */
  readonly endsSessions?: true;
  /** Takes many leases where the clock is the machine's: begins before the others that run side by side, so that nobody waits for it alone. */
  readonly isLong?: true;
  /** Takes all that the machine has where processes are real: beside it, others would be late by its doing. */
  readonly isAlone?: true;
  /** Throws an AssertionError where the backend, or core on it, breaks the promise. */
  run(world: World): Promise<void>;
}

/** The cases of one area: `id` without the level and the area. */
export function area(
  level: Level,
  name: string,
  cases: Readonly<Record<string, Omit<Case, "id" | "level">>>,
): readonly Case[] {
  return Object.entries(cases).map(([id, rest]) => ({ id: `${level}.${name}.${id}`, level, ...rest }));
}

/** The case applies where the backend has all of these optional verbs. */
export function verbs(...needed: readonly OptionalVerb[]): (profile: Profile) => true | string {
  return (profile) => {
    const absent = needed.find((verb) => !profile.verbs.includes(verb));
    return absent === undefined || `verbs without ${absent}`;
  };
}
