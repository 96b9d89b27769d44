import type { Clock, Timer } from "../contract/index.ts";

/** What the tasks of a pack have in common, beside their run. */
export interface PackGroup {
  readonly priority: number;
  readonly delayMs: number;
  readonly key?: string | undefined;
}

export interface PackerPort<T> {
  readonly clock: Clock;
  /** The most bytes of one pack, as they are estimated by who adds. */
  readonly packBytes: number;
  /** The most tasks of a pack, asked when all that comes now has come: it may follow from how much that is. */
  size(): number;
  /** Have the workers enough to do, so that `pending` tasks may wait a little for others? */
  mayWait(pending: number): boolean;
  /** So long at most. */
  readonly waitMs: number;
  packed(group: PackGroup, tasks: readonly T[]): void;
}

interface Open<T> {
  readonly group: PackGroup;
  tasks: T[];
  bytes: number[];
}

/**
 * Gathers tasks into packs: what comes within a turn of the event loop and may travel together, cut to the size that is wanted then. What does
 * not fill a pack waits for more, as long as others are out that keep the workers busy: else a run whose results come one by one would send one by one.
 */
export class Packer<T> {
  readonly #port: PackerPort<T>;
  readonly #open = new Map<string, Open<T>>();
  #last: Open<T> | undefined;
  #scheduled = false;
  #pending = 0;
  #timer: Timer | undefined;

  constructor(port: PackerPort<T>) {
    this.#port = port;
  }

  add(group: PackGroup, task: T, bytes: number): void {
    const open = this.#of(group);
    open.tasks.push(task);
    open.bytes.push(bytes);
    this.#pending += 1;
    if (!this.#scheduled) this.#schedule();
  }

  /** Everything goes now: there is no more to wait for, or something that travels alone must not overtake it. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#pending > 0) this.#cutAll(false);
  }

  #cutAll(mayWait: boolean): void {
    const size = this.#port.size();
    const waits = mayWait && this.#port.mayWait(this.#pending);
    for (const [name, open] of this.#open) {
      const rest = this.#cut(open, size, waits);
      this.#pending -= open.tasks.length - rest;
      if (rest === 0) this.#open.delete(name);
      else {
        open.tasks = open.tasks.slice(-rest);
        open.bytes = open.bytes.slice(-rest);
      }
    }
    this.#last = undefined;
    if (this.#pending > 0) this.#timer ??= this.#port.clock.after(this.#port.waitMs, () => this.flush());
  }

  /** Answers how many are left, since they do not fill a pack. */
  #cut({ group, tasks, bytes }: Open<T>, size: number, waits: boolean): number {
    const { packBytes } = this.#port;
    let from = 0;
    let sum = 0;
    for (let index = 0; index < tasks.length; index += 1) {
      const more = bytes[index] as number;
      if (index > from && (index - from >= size || sum + more > packBytes)) {
        this.#port.packed(group, tasks.slice(from, index));
        from = index;
        sum = 0;
      }
      sum += more;
    }
    const rest = tasks.length - from;
    if (waits && rest < size) return rest;
    this.#port.packed(group, from === 0 ? tasks : tasks.slice(from));
    return 0;
  }

  #of(group: PackGroup): Open<T> {
    const last = this.#last?.group;
    const { priority, delayMs, key } = group;
    if (last !== undefined && last.priority === priority && last.delayMs === delayMs && last.key === key)
      return this.#last as Open<T>;
    const name = `${priority}/${delayMs}/${key === undefined ? "" : `:${key}`}`;
    let open = this.#open.get(name);
    if (open === undefined) {
      open = { group: { priority, delayMs, key }, tasks: [], bytes: [] };
      this.#open.set(name, open);
    }
    this.#last = open;
    return open;
  }

  #schedule(): void {
    this.#scheduled = true;
    this.#port.clock.soon(() => {
      this.#scheduled = false;
      if (this.#pending > 0) this.#cutAll(true);
    });
  }
}
