import { reconnectMs } from "@org/dispatch-core/adapter-kit";
import type { Clock, Timer } from "@org/dispatch-core/contract";
import { endOf } from "./ending.ts";
import type { Holder, Membership } from "./membership.ts";
import type { Place } from "./port.ts";

/** So often is looked whether there is more to read. */
const LOOK_MS = 30_000;

export interface SoloMembershipPort {
  readonly clock: Clock;
  readonly holder: Holder;
  /** What there is to read. */
  places(): readonly Place[];
  /** Looks whether there is more by now: then `places` answers that, too. */
  grow(): Promise<void>;
  /** Nobody wants it any more, and what was done of it is written, as far as it could be. */
  left(): void;
}

/** One reader of partitions which nobody shares: a coordinator and its replies. It has them as long as it wants them. */
export class SoloMembership implements Membership {
  readonly #port: SoloMembershipPort;
  #isReading = false;
  #assigning: Promise<void> = Promise.resolve();
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
    // One after the other: of two that ask the broker at once each would take the partitions for new.
    this.#assigning = this.#assigning.then(() => this.#assign(failures));
  }

  async #assign(failures: number): Promise<void> {
    if (!this.#isReading) return;
    const { holder, places } = this.#port;
    const nobody = new Set<string>();
    try {
      await holder.assigned("nobody", places(), { members: nobody, own: nobody });
      this.#after(LOOK_MS, () => this.#look());
    } catch (error) {
      holder.failed(error);
      this.#after(reconnectMs(failures + 1), () => this.#begin(failures + 1));
    }
  }

  #look(): void {
    const begin = () => this.#isReading && this.#begin(0);
    this.#port.grow().then(begin, begin);
  }

  #after(ms: number, run: () => void): void {
    this.#timer?.cancel();
    if (this.#isReading) this.#timer = this.#port.clock.after(ms, run, true);
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
