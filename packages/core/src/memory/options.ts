import { DispatchError } from "../errors.ts";

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

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The options with their defaults. Throws `CONFIG_INVALID` for a wrong value and for a key that it does not know. */
export function resolveOptions(options: MemoryOptions): typeof memoryDefaults {
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(memoryDefaults, key)) {
      throw new DispatchError(
        "CONFIG_INVALID",
        `memory: unknown option "${key}"; known are namespace, maxTasks, maxBytes`,
      );
    }
  }
  const namespace = options.namespace ?? memoryDefaults.namespace;
  if (typeof namespace !== "string" || !NAME.test(namespace)) {
    throw new DispatchError("CONFIG_INVALID", `memory: namespace must match ${NAME.source}`);
  }
  return {
    namespace,
    maxTasks: positive("maxTasks", options.maxTasks ?? memoryDefaults.maxTasks),
    maxBytes: positive("maxBytes", options.maxBytes ?? memoryDefaults.maxBytes),
  };
}

function positive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new DispatchError("CONFIG_INVALID", `memory: ${name} must be a whole number above 0`);
}
