import { MemoryBackend } from "./backend.ts";
import type { MemoryOptions } from "./options.ts";
import type { Character } from "./world/characters.ts";
import type { Mechanics } from "./world/mechanics.ts";
import { MemorySession } from "./world/session.ts";
import { makeWorld, type ProfileChange, type WorldOptions } from "./world/world-options.ts";

export { MemoryBackend } from "./backend.ts";
export type { MemoryBounds, MemoryOptions } from "./options.ts";
export { memoryDefaults } from "./options.ts";
export { MemorySession } from "./world/session.ts";
export type { Character, Mechanics, ProfileChange, WorldOptions };

/** Not a world of its own facts. */
interface Plain {
  readonly character?: undefined;
  readonly profile?: undefined;
  readonly mechanics?: undefined;
}

/** At least one of the three is said: a world of its own facts. */
type Told =
  | { readonly character: Character }
  | { readonly profile: ProfileChange }
  | { readonly mechanics: Partial<Mechanics> };

/**
 * A broker in this process's memory that behaves as its profile says: with the facts of another broker (`character`), or any facts. It answers one
 * session of it; `session()` gives another. For tests: of core, of handlers, and of what a broker's faults do. Throws `CONFIG_INVALID`.
 */
export function memory(options: WorldOptions & Told): MemorySession;
/** A backend in this process's memory: the default for one process, and the reference for the contract. Throws `CONFIG_INVALID` for wrong options. */
export function memory(options?: MemoryOptions & Plain): MemoryBackend;
export function memory(options: WorldOptions = {}): MemoryBackend | MemorySession {
  const { character, profile, mechanics, ...rest } = options;
  if (character === undefined && profile === undefined && mechanics === undefined) return new MemoryBackend(rest);
  const { world, name } = makeWorld(options);
  return new MemorySession(world, name);
}
