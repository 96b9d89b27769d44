import { MemoryError } from "./memory-error.ts";
import type { MemoryBounds } from "./options.ts";

/** What one memory backend holds in all its queues of tasks together, against its bounds. */
export class Books {
  readonly #bounds: MemoryBounds;
  tasks = 0;
  bytes = 0;

  constructor(bounds: MemoryBounds) {
    this.#bounds = bounds;
  }

  add(bytes: number): void {
    this.tasks += 1;
    this.bytes += bytes;
  }

  subtract(bytes: number): void {
    this.tasks -= 1;
    this.bytes -= bytes;
  }

  /** Why one more frame is refused; `undefined` if it is not. What no emptiness would let in is too large, not early: nobody waits for room then. */
  refusal(bytes: number): MemoryError | undefined {
    const { maxTasks, maxBytes } = this.#bounds;
    if (bytes > maxBytes) return new MemoryError("TOO_LARGE", `a frame of ${bytes} bytes, and maxBytes is ${maxBytes}`);
    if (this.tasks >= maxTasks) return full(`maxTasks is ${maxTasks}, and so many are held`);
    if (this.bytes + bytes <= maxBytes) return undefined;
    return full(`maxBytes is ${maxBytes}; ${this.bytes} are held, and ${bytes} more do not fit`);
  }
}

function full(bound: string): MemoryError {
  return new MemoryError("QUEUE_FULL", `the memory backend is full: ${bound}`);
}
