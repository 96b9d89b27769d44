import type { Limits, Profile } from "../../contract/index.ts";
import { DispatchError } from "../../errors.ts";
import { checkKnown } from "../../option-checks.ts";
import { type MemoryOptions, resolveOptions } from "../options.ts";
import { memoryProfile } from "../profile.ts";
import { type Character, characters } from "./characters.ts";
import { checkFacts, type Mechanics, resolveMechanics } from "./mechanics.ts";
import { World } from "./world.ts";

/** Facts that differ from the character's; each must be true of the world that they make, which follows them. */
export type ProfileChange = Partial<Omit<Profile, "limits">> & { readonly limits?: Partial<Limits> | undefined };

export interface WorldOptions extends MemoryOptions {
  /** Whose facts it has; default: the memory backend's own. */
  readonly character?: Character | undefined;
  readonly profile?: ProfileChange | undefined;
  readonly mechanics?: Partial<Mechanics> | undefined;
}

/** The world that the options describe, and its name for people. Throws `CONFIG_INVALID`. */
export function makeWorld(options: WorldOptions): { readonly world: World; readonly name: string } {
  const { character, profile: change = {}, mechanics: given = {}, ...rest } = options;
  const { namespace, maxTasks, maxBytes } = resolveOptions(rest);
  const preset = presetOf(character);
  checkKnown("profile", change, Object.keys(memoryProfile));
  checkKnown("profile.limits", change.limits ?? {}, Object.keys(memoryProfile.limits));
  const limits = Object.freeze({ ...preset.profile.limits, ...change.limits });
  const profile: Profile = Object.freeze({ ...preset.profile, ...change, limits });
  checkFacts(profile);
  const mechanics = resolveMechanics(given, preset.mechanics);
  const name = character === undefined ? "memory" : `memory-as-${character}`;
  return { world: new World({ profile, mechanics }, { maxTasks, maxBytes }, namespace), name };
}

function presetOf(character: Character | undefined) {
  if (character === undefined) return { profile: memoryProfile, mechanics: {} };
  if (Object.hasOwn(characters, character)) return characters[character];
  const known = Object.keys(characters).join(", ");
  throw new DispatchError("CONFIG_INVALID", `character ${JSON.stringify(character)} is not known; there are ${known}`);
}
