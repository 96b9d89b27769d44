import { reconnectMs } from "@org/dispatch-core/adapter-kit";
import type { Clock, Timer } from "@org/dispatch-core/contract";
import { endOf } from "./ending.ts";
import type { Holder, Membership } from "./membership.ts";
import type { Place } from "./port.ts";

export interface SoloMembershipPort {
  readonly place: Place;
  readonly clock: Clock;
  readonly holder: Holder;
  /** Nobody wants it any more, and what was done of it is written, as far as it could be. */
  left(): void;
}

/** One reader of a partition, which nobody shares: a coordinator and its replies. It has it as long as it wants it. */
export class SoloMembership implements Membership {
  readonly #port: SoloMembershipPort;
  #isReading = false;
  #stopping: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;

  constructor(port: SoloMembershipPort) {
    this.#port = port;
  }

  subscribe(topics: ReadonlySet<string>): void {
    if (topics.size > 0 && !this.#isReading) this.#begin(0);
    else if (topics.size === 0 && this.#isReading) this.#stop();
  }

  doubt(): void {}

  proven(): boolean {
    return this.#isReading;
  }

  async end(): Promise<void> {
    this.#stop();
    // It may have begun before.
    await endOf(this.#port.clock, this.#stopping);
  }

  #begin(failures: number): void {
    this.#isReading = true;
    const { place, clock, holder } = this.#port;
    const nobody = new Set<string>();
    holder.assigned("nobody", [place], { members: nobody, own: nobody }).catch((error: unknown) => {
      holder.failed(error);
      if (this.#isReading) this.#timer = clock.after(reconnectMs(failures + 1), () => this.#begin(failures + 1), true);
    });
  }

  #stop(): void {
    this.#timer?.cancel();
    if (!this.#isReading) return;
    this.#isReading = false;
    this.#stopping = this.#port.holder.revoking(new Set()).then(() => {
      // It may be wanted again meanwhile.
      if (this.#isReading) return;
      this.#port.holder.lost();
      this.#port.left();
    });
  }
}
