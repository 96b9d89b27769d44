import { checkName } from "../names.ts";
import { checkKnown, checkWhole } from "../option-checks.ts";

/** How much a memory backend may hold in its queues of tasks: ready, delayed and leased, all queues together. */
export interface MemoryBounds {
  /** In frames (a pack is one); default 1,000,000. A first send beyond it is refused with `QUEUE_FULL`; copies, replies and dead letters never are. */
  readonly maxTasks: number;
  /** In bytes of the frames, without what Node adds; default 1 GiB. As above. */
  readonly maxBytes: number;
}

export interface MemoryOptions extends Partial<MemoryBounds> {
  /** For messages only: each backend is a world of its own. Default `dispatch`. */
  readonly namespace?: string | undefined;
}

/** Enough for any window, and still within the heap that Node allows by itself. */
export const memoryDefaults: Required<{ readonly [K in keyof MemoryOptions]: Exclude<MemoryOptions[K], undefined> }> =
  Object.freeze({ namespace: "dispatch", maxTasks: 1_000_000, maxBytes: 1024 * 1024 * 1024 });

/** The options with their defaults. Throws `CONFIG_INVALID` for a wrong value and for a key that it does not know. */
export function resolveOptions(options: MemoryOptions): typeof memoryDefaults {
  checkKnown("memory", options, Object.keys(memoryDefaults));
  const { namespace, maxTasks, maxBytes } = memoryDefaults;
  return {
    namespace: checkName("namespace", options.namespace ?? namespace),
    maxTasks: checkWhole("maxTasks", options.maxTasks ?? maxTasks, 1, Number.MAX_SAFE_INTEGER),
    maxBytes: checkWhole("maxBytes", options.maxBytes ?? maxBytes, 1, Number.MAX_SAFE_INTEGER),
  };
}
