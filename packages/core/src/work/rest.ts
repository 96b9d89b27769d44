import type { Clock, Frame, Timer } from "../contract/index.ts";
import { RecentNames } from "../recent-names.ts";

/** An ack that was sent is durable after the lag; half as much again for the call itself. */
const LAGS = 1.5;

/** One crash is hardly a task's own; and what it held has to be at work again at once. */
const RESTS_FROM = 2;

/**
 * Where acks are durable only after a while, a crash takes the last ones back: the frame that was copied, or handed on from a tier, comes again beside its
 * copy, with the counters that it had. A task that kills its process just after that would come for ever. So what may have cost a holder already rests
 * until all that this process has sent on before is durably acked; then each of its crashes counts.
 */
export class Rest<T> {
  readonly #clock: Clock;
  readonly #lagMs: number;
  readonly #resting = new Map<T, Timer>();
  /** Until then a crash may take back what was sent on. */
  #until = 0;
  /** Tasks that somebody lost; and those that came so in two frames: one is a copy of the other, whose ack was taken back. */
  readonly #lost = new RecentNames();
  readonly #forked = new RecentNames();

  /** `ackLagMs` of the profile; 0: nothing ever rests. */
  constructor(clock: Clock, ackLagMs: number) {
    this.#clock = clock;
    this.#lagMs = ackLagMs * LAGS;
  }

  /** A frame is sent on, and acked then. */
  sentOn(): void {
    this.#until = this.#clock.now() + this.#lagMs;
  }

  /** A frame came whose holder crashed. */
  met({ name }: Frame): void {
    const task = taskOf(name);
    if (this.#lost.has(task)) this.#forked.add(task);
    else this.#lost.add(task);
  }

  /** May it have cost a holder, and may that be forgotten once more? */
  isDue(frame: Frame, lost: number): boolean {
    return lost >= RESTS_FROM || (this.#forked.size > 0 && this.#forked.has(taskOf(frame.name)));
  }

  /** Calls `begin` now or later, unless it is withdrawn before. */
  before(task: T, begin: () => void): void {
    const restMs = this.#lagMs === 0 ? 0 : this.#until - this.#clock.now();
    if (restMs <= 0) {
      begin();
      return;
    }
    const rested = () => {
      this.#resting.delete(task);
      begin();
    };
    this.#resting.set(task, this.#clock.after(restMs, rested));
  }

  /** Those of what rests that `wanted` says: they do not begin any more. */
  withdraw(wanted: (task: T) => boolean): readonly T[] {
    const withdrawn = [...this.#resting.keys()].filter(wanted);
    for (const task of withdrawn) {
      this.#resting.get(task)?.cancel();
      this.#resting.delete(task);
    }
    return withdrawn;
  }
}

function taskOf(name: string): string {
  return name.slice(0, name.indexOf("#"));
}
