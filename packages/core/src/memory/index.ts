import { MemoryBackend } from "./backend.ts";
import type { MemoryOptions } from "./options.ts";

export { MemoryBackend } from "./backend.ts";
export type { MemoryBounds, MemoryOptions } from "./options.ts";
export { memoryDefaults } from "./options.ts";

/** A backend in this process's memory: the default for one process, and the reference for the contract. Throws `CONFIG_INVALID` for wrong options. */
export function memory(options?: MemoryOptions): MemoryBackend {
  return new MemoryBackend(options);
}
