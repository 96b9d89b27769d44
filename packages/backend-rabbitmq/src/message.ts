import type { SendOutcome } from "@org/dispatch-core/contract";
import type { Options } from "amqplib";
import type { Route } from "./ladder.ts";

/** A message, and where it goes. */
export interface Message {
  readonly route: Route;
  readonly bytes: Uint8Array;
  readonly options: Options.Publish;
}

/** One that waits for the server's answer. */
export interface Sending {
  readonly message: Message;
  /** When it fires, nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly done: (outcome: SendOutcome) => void;
}
