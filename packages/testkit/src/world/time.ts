import assert from "node:assert/strict";
import { systemClock } from "@org/dispatch-core";
import type { Clock, Profile } from "@org/dispatch-core/contract";
import { GuardedClock } from "./guarded-clock.ts";

/**
 * How a case waits. Where the backend lives in this process the clock is virtual: time that is only waited for takes none. Else it is the machine's.
 */
export class Time {
  readonly clock: Clock;
  /** How long a condition may take to come true before the case fails, in ms. */
  readonly patienceMs: number;
  readonly #virtual: GuardedClock | undefined;

  constructor(reach: Profile["reach"]) {
    this.#virtual = reach === "process" ? new GuardedClock() : undefined;
    this.clock = this.#virtual ?? systemClock();
    this.patienceMs = this.#virtual === undefined ? 120_000 : 3_600_000;
  }

  get isVirtual(): boolean {
    return this.#virtual !== undefined;
  }

  /** Lets `ms` pass, with all that happens in it. */
  async pass(ms: number): Promise<void> {
    if (this.#virtual !== undefined) {
      await this.#virtual.advance(ms);
      this.#staysCool();
    } else await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Lets time pass until the condition holds. Throws an AssertionError, with what was awaited, if it does not within `withinMs`. */
  async until(condition: () => boolean, what: string, withinMs = this.patienceMs): Promise<void> {
    assert.ok(await this.#comes(condition, withinMs), `not within ${withinMs} ms: ${what}`);
  }

  /** The promise's value, or its error; an AssertionError if it settles too late. */
  async wait<T>(promise: PromiseLike<T>, what: string, withinMs = this.patienceMs): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    await this.until(() => settled, what, withinMs);
    return promise;
  }

  async #comes(condition: () => boolean, withinMs: number): Promise<boolean> {
    const virtual = this.#virtual;
    if (virtual !== undefined) {
      const comes = await virtual.advanceUntil(() => virtual.isHot || condition(), withinMs);
      this.#staysCool();
      return comes;
    }
    const end = this.clock.now() + withinMs;
    while (!condition()) {
      if (this.clock.now() >= end) return false;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return true;
  }

  #staysCool(): void {
    const at = this.clock.now();
    assert.ok(
      this.#virtual?.isHot !== true,
      `I15: a hot loop, something is tried again and again at ${at} ms without any time between`,
    );
  }
}
