import { reconnectMs } from "@org/dispatch-core/adapter-kit";
import type { Clock, Timer } from "@org/dispatch-core/contract";
import type { Holder, Membership } from "./membership.ts";
import type { Place } from "./port.ts";

/** One reader of a partition, which nobody shares: a coordinator and its replies. It has it as long as it wants it. */
export class SoloMembership implements Membership {
  readonly #place: Place;
  readonly #clock: Clock;
  readonly #holder: Holder;
  #isReading = false;
  #timer: Timer | undefined;

  constructor(place: Place, clock: Clock, holder: Holder) {
    this.#place = place;
    this.#clock = clock;
    this.#holder = holder;
  }

  subscribe(topics: ReadonlySet<string>): void {
    if (topics.size > 0 && !this.#isReading) this.#begin(0);
    else if (topics.size === 0 && this.#isReading) void this.#stop();
  }

  doubt(): void {}

  proven(): boolean {
    return this.#isReading;
  }

  async end(): Promise<void> {
    await this.#stop();
  }

  #begin(failures: number): void {
    this.#isReading = true;
    const nobody = new Set<string>();
    this.#holder.assigned("nobody", [this.#place], { members: nobody, own: nobody }).catch((error: unknown) => {
      this.#holder.failed(error);
      if (this.#isReading)
        this.#timer = this.#clock.after(reconnectMs(failures + 1), () => this.#begin(failures + 1), true);
    });
  }

  async #stop(): Promise<void> {
    this.#timer?.cancel();
    if (!this.#isReading) return;
    this.#isReading = false;
    await this.#holder.revoking(new Set());
    if (!this.#isReading) this.#holder.lost();
  }
}
