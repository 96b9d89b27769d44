import type { Place } from "./port.ts";

/** A queue of a consumer, as the consumer sees it: somebody who takes what comes of a topic. */
export interface Taker {
  readonly topic: string;
  /** Does anybody receive from it, or hold anything of it? */
  readonly isWanted: boolean;
  /** There may be something to take. */
  pull(): void;
  /** The partitions are others by now. */
  changed(): void;
  /** What lies here of a partition, in nobody's hand, is to be forgotten below an offset: it was removed from the log. */
  purge(below: Place & { readonly offset: number }): void;
  /** There is nobody to wait for at the moment. */
  fail(error: unknown): void;
  end(): void;
}
