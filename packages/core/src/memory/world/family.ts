import type { Profile } from "../../contract/index.ts";
import { Ids } from "../ids.ts";

/** The ids of the tasks of one family of queues: which are taken, by a frame that is there or by one that was sent not long ago. */
export class Family {
  readonly #profile: Pick<Profile, "dedupeLive" | "dedupeWindowMs">;
  readonly #live = new Ids();
  /** Until when each id is refused, oldest first. */
  readonly #sent = new Map<string, number>();

  constructor(profile: Pick<Profile, "dedupeLive" | "dedupeWindowMs">) {
    this.#profile = profile;
  }

  isTaken(id: string, nowMs: number): boolean {
    if (this.#profile.dedupeLive && this.#live.has(id)) return true;
    for (const [old, untilMs] of this.#sent) {
      if (untilMs > nowMs) break;
      this.#sent.delete(old);
    }
    return this.#sent.has(id);
  }

  /** A first frame was taken in. */
  sent(id: string, nowMs: number): void {
    if (this.#profile.dedupeWindowMs > 0) this.#sent.set(id, nowMs + this.#profile.dedupeWindowMs);
  }

  /** One frame more. */
  take(id: string): void {
    this.#live.take(id);
  }

  /** One frame less. */
  free(id: string): void {
    this.#live.free(id);
  }
}
