import type { Told } from "./prediction.ts";
import type { Script } from "./scripts.ts";

/** A fault that goes on bearing on what is sent: until then, on the clock of the world. */
type Until = number;

/** What the commands need to know in order to be possible, and what the prediction needs to know of what happened. */
export class Model {
  readonly tasks: Told[] = [];
  /** By the id of its user. */
  readonly ids = new Map<string, Told>();
  alive = 0;
  frozen = 0;
  runs = 0;
  #disturbedUntil: Until = 0;

  /** A task is sent. */
  told(
    at: number,
    script: Script,
    options: { delayMs: number; deadlineMs: number | undefined; id: string | undefined },
  ): Told {
    const { id, delayMs, deadlineMs } = options;
    const other = id === undefined ? undefined : this.ids.get(id);
    const isRepeat = other !== undefined;
    if (other !== undefined) other.isRepeat = true;
    const faults = this.frozen + (at < this.#disturbedUntil ? 1 : 0);
    const task = {
      n: this.tasks.length,
      script,
      sentAt: at,
      delayMs,
      deadlineMs,
      isRepeat,
      faults,
      strays: 0,
      isCancelled: false,
    };
    this.tasks.push(task);
    if (id !== undefined) this.ids.set(id, task);
    return task;
  }

  /** An orderly stop of which something may stray. */
  stray(): void {
    for (const task of this.tasks) task.strays += 1;
  }

  /** Something broke. `lastsMs`: what is sent so much later may still be lost by it. */
  fault(at: number, lastsMs: number): void {
    for (const task of this.tasks) task.faults += 1;
    this.#disturbedUntil = Math.max(this.#disturbedUntil, at + lastsMs);
  }
}
