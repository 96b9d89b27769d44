import type { Depth, OutFrame, Profile, Queue, SendOutcome } from "../../contract/index.ts";
import type { Books } from "../books.ts";
import type { Family } from "./family.ts";
import type { Mechanics } from "./mechanics.ts";

/** What every queue of one world knows. */
export interface Rules {
  readonly profile: Profile;
  readonly mechanics: Mechanics;
  readonly books: Books;
}

export type FrameState = "ready" | "leased" | "delayed";

/** One queue of a world, whatever its kind. It knows no clock: it is told the time, in ms. */
export interface Store {
  readonly queue: Queue;
  /** Set when it is removed. */
  readonly isEnded: boolean;
  /** When time will change something; `Infinity` if it will not. */
  readonly nextAtMs: number;
  /** When somebody received from it last, or opened it to. */
  readonly readAtMs: number;
  /** Puts one sent frame in, or says why not. */
  accept(frame: OutFrame, nowMs: number): SendOutcome;
  /** Lets happen what time has brought. */
  advance(nowMs: number): void;
  /** Gives what is ready to those who want it. */
  serve(nowMs: number): void;
  depth(): Depth;
  /** What lies here, in the order of its hand-out or age. */
  frames(): readonly { readonly bytes: Uint8Array; readonly state: FrameState; readonly sequence: number }[];
  purge(): number;
  read(nowMs: number): void;
  /** Removes everything that lies here. */
  clear(): void;
  end(): void;
}

/** What a store of messages is made of beside the rules. */
export interface StorePlace {
  readonly rules: Rules;
  /** `undefined` for a queue that holds no tasks. */
  readonly family: Family | undefined;
}
