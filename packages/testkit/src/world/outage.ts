import type { Backend } from "@org/dispatch-core/contract";
import type { Hooks } from "./hooks.ts";
import type { Process } from "./process.ts";
import { isStoppable } from "./sessions.ts";
import type { Time } from "./time.ts";

/** The broker is away for a while: by the hook, by itself where it lives in this process and can stop, else by what its processes see of it. */
export class Outage {
  readonly #time: Time;
  readonly #restart: Hooks["restart"];
  #isAway = false;

  constructor(time: Time, restart: Hooks["restart"]) {
    this.#time = time;
    this.#restart = restart;
  }

  /** Do processes have to be told that it is away? */
  get isAway(): boolean {
    return this.#isAway;
  }

  async last(awayMs: number, connections: readonly Backend[], processes: readonly Process[]): Promise<void> {
    if (this.#restart !== undefined) {
      await this.#restart(awayMs);
      return;
    }
    // The first connection is nobody's and was not opened; any of the others speaks for its broker.
    const stoppable = connections.slice(1).find(isStoppable);
    this.#isAway = stoppable === undefined;
    stoppable?.stopBroker();
    for (const process of processes) process.reset();
    await this.#time.pass(awayMs);
    this.#isAway = false;
    stoppable?.startBroker();
  }
}
