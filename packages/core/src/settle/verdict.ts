import type { EndCode, WireError } from "../contract/index.ts";

/** What became of a frame in hand, before policy looks at it. */
export type Verdict =
  /** `json`: the value that the handler returned, as it will travel. */
  | { readonly kind: "completed"; readonly json: string | undefined; readonly durationMs: number }
  /** The handler threw, or ran into its timeout. `retryable` false: never again. */
  | {
      readonly kind: "failed";
      readonly error: WireError;
      readonly timedOut: boolean;
      readonly retryable: boolean;
      /** What a thrown `Retry` asked for. */
      readonly delayMs: number | undefined;
      readonly durationMs: number;
    }
  /** It ends here without another try. `attempted`: does this one count as an attempt? `letter` false: no dead letter of its own; default true. */
  | {
      readonly kind: "ended";
      readonly outcome: "dead" | "expired" | "cancelled";
      readonly error: WireError & { readonly code: EndCode };
      readonly attempted: boolean;
      readonly letter?: boolean | undefined;
      readonly durationMs: number;
    }
  /** Given back without penalty. `begun`: it goes on as a copy, since a handler had it and the next holder needs a new fencing token, or since
   * its frame stays here for the others of its pack. */
  | {
      readonly kind: "released";
      readonly reason: "shutdown" | "released" | "last_chance" | "lost" | "split";
      readonly delayMs: number;
      readonly begun: boolean;
      readonly durationMs: number;
    }
  /** A probe was answered, or a frame that this process had already forwarded came again: only an ack is due. */
  | { readonly kind: "done" };
