import type { DispatchEvent, Observer } from "@org/dispatch-core/contract";

type Named<E extends DispatchEvent["event"]> = Extract<DispatchEvent, { readonly event: E }>;

/** An event, where it happened, and when: ms on the clock of the world. */
export type Logged<T = DispatchEvent> = T & { readonly process: string; readonly at: number };

/** Everything that the observers of a case were told, in order. */
export class EventLog {
  readonly #events: Logged[] = [];
  #failedCalls = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get all(): readonly Logged[] {
    return this.#events;
  }

  named<E extends DispatchEvent["event"]>(event: E): readonly Logged<Named<E>>[] {
    return this.#events.filter((one): one is Logged<Named<E>> => one.event === event);
  }

  count(event: DispatchEvent["event"]): number {
    return this.named(event).length;
  }

  /** How many tasks have completed, each counted once: what moves to another holder between its run and its ack is run by that one, too. */
  get completed(): number {
    return new Set(this.named("queue_completed").map(({ taskId }) => taskId)).size;
  }

  /** How many calls to the backend have failed. */
  get failedCalls(): number {
    return this.#failedCalls;
  }

  /** The observer of one process. Calls to the backend are left out: they are many, only those that failed are counted. */
  observer(process: string): Observer {
    return (event) => {
      if (event.event === "call") this.#failedCalls += event.code === undefined ? 0 : 1;
      else this.#events.push({ ...event, process, at: this.#now() });
    };
  }
}
