import type { Clock, Headers, Observer, OutFrame, Queue } from "../contract/index.ts";
import type { Eventual } from "../eventual.ts";
import type { KeptFrame } from "./kept-frame.ts";

/** An input of a run that travels with others; what it is made of is its sender's business. */
export interface Packable {
  readonly index: number;
  /** An upper bound of what it adds to a frame. */
  readonly sizeBytes: number;
}

/** What a run needs of its surroundings; its dispatcher puts it together. */
export interface RunPort<I> {
  readonly id: string;
  /** What stands before the index in the ids of its tasks. */
  readonly idPrefix: string;
  readonly queue: string;
  readonly task: string;
  readonly clock: Clock;
  readonly observer: Observer | undefined;
  readonly ordered: boolean;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  readonly globalTimeoutMs: number | undefined;
  /** Wall-clock ms at which it ends; the same that stands in its frames. */
  readonly endsAt: number | undefined;
  /** Has any of its tasks a deadline of its own? Else one that expires does so at the end of the run. */
  readonly hasDeadlines: boolean;
  /** The user's id of an input that has one. */
  refOf(input: I): string | undefined;
  /** Begins the trace of an input that is to have one: the headers that travel with it. Absent where none has. */
  readonly trace: ((index: number) => Headers | undefined) | undefined;
  /** An input as a frame, ready to send, or as a part of one; a large one takes its time. Throws a DispatchError for one that cannot be a task. */
  make(input: I, index: number, traced: Headers | undefined): Eventual<KeptFrame | Packable>;
  /** The task of a frame of its own, as its next round. */
  resend(kept: KeptFrame): Eventual<OutFrame>;
  /** The same, out of the pack that its broker did not take. */
  apart(kept: KeptFrame): Eventual<OutFrame>;
  /** Into a pack, which comes back by `sendPack`. */
  pack(packable: Packable): void;
  /** What waits to be packed goes before what is sent next. */
  flush(): void;
  /** There is no more input: what waits to be packed waits for no other. */
  packRest(): void;
  /** A handler took so long. */
  ran(durationMs: number): void;
  /** Where its next round goes: what the broker lost is due. */
  work(band: number): Queue;
  /** The answer comes back by `answered`. */
  send(kept: KeptFrame): void;
  room(): Promise<void> | undefined;
  activeWorkers(): number;
  orphans(): number;
  /** It takes no more results. */
  ended(): void;
}
