import { TurnClock } from "../turn-clock.ts";
import type { KeptFrame } from "./kept-frame.ts";
import type { RunPort } from "./run-port.ts";
import type { Window } from "./window.ts";

/**
 * Which tasks the broker is known to have: said once for each, and before its end, also where its result comes before the answer to its send. What has
 * ended before that was not sent, as far as the books go.
 */
export class Dispatched {
  readonly #port: RunPort<never>;
  readonly #window: Window;
  /** For what is only observed. */
  readonly time: TurnClock;
  count = 0;

  constructor(port: RunPort<never>, window: Window) {
    this.#port = port;
    this.time = new TurnClock(port.clock);
    this.#window = window;
  }

  /** The broker has a frame: all of its tasks that are outstanding. What waits for a frame has no others than the one at `index`, and is said anew. */
  tell(kept: KeptFrame, index = kept.first): void {
    if (kept.count === 0) {
      this.#tell(index, kept);
      return;
    }
    if (kept.count > 1) this.#tellPack(kept);
    kept.isTold = true;
    for (let position = 0; position < kept.count; position += 1) {
      const own = kept.indexAt(position);
      if (this.#window.get(own) === kept) this.#tell(own, kept);
    }
  }

  /** Only where somebody traces one of its tasks. */
  #tellPack(kept: KeptFrame): void {
    const { id, observer, queue } = this.#port;
    if (observer === undefined || !kept.isTraced) return;
    const traces: string[] = [];
    for (let position = 0; position < kept.count; position += 1) {
      const index = kept.indexAt(position);
      const trace = this.#window.get(index) === kept ? this.#window.traceOf(index) : undefined;
      if (trace !== undefined) traces.push(trace);
    }
    if (traces.length === 0) return;
    const { first, count: tasks, madeAt } = kept;
    const packId = `${id}/${first}+${tasks}`;
    observer({ event: "pack_dispatched", queue, packId, tasks, ageMs: this.time.now() - madeAt, traces });
  }

  #tell(index: number, { isTraced, count: packed }: KeptFrame): void {
    this.count += 1;
    const { observer } = this.#port;
    // Not even an id is made for nobody.
    if (observer === undefined) return;
    const { idPrefix, queue, task } = this.#port;
    const taskId = `${idPrefix}${index}`;
    const trace = isTraced ? this.#window.traceOf(index) : undefined;
    observer({
      event: "queue_dispatched",
      queue,
      task,
      taskId,
      attempt: 1,
      duplicate: false,
      awaited: true,
      trace,
      packed,
    });
  }
}
