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
  /** Undefined while more packs may be handed on; else resolves when one may. */
  roomToSend(): Promise<void> | undefined;
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
 *
 * A pack is cut when there is room for it on the way out, and not before: by then more may be known of how large it should be. A whole window that is
 * cut at once has the size of what nobody knows anything of.
 */
export class Packer<T> {
  readonly #port: PackerPort<T>;
  readonly #open = new Map<string, Open<T>>();
  #last: Open<T> | undefined;
  #scheduled = false;
  #pending = 0;
  #timer: Timer | undefined;
  #isBlocked = false;

  constructor(port: PackerPort<T>) {
    this.#port = port;
  }

  add(group: PackGroup, task: T, bytes: number): void {
    const open = this.#of(group);
    open.tasks.push(task);
    open.bytes.push(bytes);
    this.#pending += 1;
    if (!this.#scheduled && !this.#isBlocked) this.#schedule();
  }

  /** Everything goes now, whether there is room or not: something that travels alone must not overtake it. */
  flush(): void {
    this.#hurry();
    if (this.#pending > 0) this.#cutAll(false, false);
  }

  /** Nothing more comes: what there is does not wait for others, but for room. */
  end(): void {
    this.#hurry();
    if (this.#pending > 0 && !this.#isBlocked) this.#cutAll(false, true);
  }

  #hurry(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #cutAll(mayWait: boolean, needsRoom: boolean): void {
    const size = this.#port.size();
    const waits = mayWait && this.#port.mayWait(this.#pending);
    for (const [name, open] of [...this.#open]) {
      const rest = this.#cut(open, size, waits, needsRoom);
      const cut = open.tasks.length - rest;
      this.#pending -= cut;
      if (rest === 0) this.#open.delete(name);
      else if (cut > 0) {
        open.tasks = open.tasks.slice(-rest);
        open.bytes = open.bytes.slice(-rest);
        // Those go first next time that had no turn now.
        this.#open.delete(name);
        this.#open.set(name, open);
      }
      if (this.#isBlocked && needsRoom) break;
    }
    this.#last = undefined;
    if (this.#pending > 0 && !this.#isBlocked)
      this.#timer ??= this.#port.clock.after(this.#port.waitMs, () => this.end());
  }

  /** Answers how many are left, since they do not fill a pack, or there is no room for them. */
  #cut({ group, tasks, bytes }: Open<T>, size: number, waits: boolean, needsRoom: boolean): number {
    const { packBytes } = this.#port;
    let from = 0;
    let sum = 0;
    for (let index = 0; index < tasks.length; index += 1) {
      const more = bytes[index] as number;
      if (index > from && (index - from >= size || sum + more > packBytes)) {
        if (needsRoom && !this.#hasRoom()) return tasks.length - from;
        this.#port.packed(group, tasks.slice(from, index));
        from = index;
        sum = 0;
      }
      sum += more;
    }
    const rest = tasks.length - from;
    if ((waits && rest < size) || (needsRoom && !this.#hasRoom())) return rest;
    this.#port.packed(group, from === 0 ? tasks : tasks.slice(from));
    return 0;
  }

  #hasRoom(): boolean {
    if (this.#isBlocked) return false;
    const room = this.#port.roomToSend();
    if (room === undefined) return true;
    this.#isBlocked = true;
    void room.then(() => {
      this.#isBlocked = false;
      if (this.#pending > 0 && !this.#scheduled) this.#schedule();
    });
    return false;
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
      if (this.#pending > 0) this.#cutAll(true, true);
    });
  }
}
