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

  /** Which bound one more frame would pass, for the message; `undefined` if none. */
  fullFor(bytes: number): string | undefined {
    const { maxTasks, maxBytes } = this.#bounds;
    if (this.tasks >= maxTasks) return `maxTasks is ${maxTasks}, and so many are held`;
    if (this.bytes + bytes > maxBytes)
      return `maxBytes is ${maxBytes}; ${this.bytes} are held, and ${bytes} more do not fit`;
    return undefined;
  }
}
