import type { SessionLeases } from "../../adapter-kit/index.ts";
import type { Clock, Delivery, HoldOutcome, Receipt, Settlement, Want } from "../../contract/index.ts";
import type { Connection } from "./connection.ts";
import type { SessionGate } from "./session-gate.ts";
import type { Store } from "./store.ts";
import type { World } from "./world.ts";

/** What the receivers of one session share. */
export interface Station {
  readonly world: World;
  /** The session's own: it stands still while the session is frozen. */
  readonly clock: Clock;
  readonly gate: SessionGate;
  /** `undefined` while there is none. */
  readonly connection: Connection | undefined;
  /** The leases of a session's deliveries; unused where the broker's clock owns them. */
  readonly leases: SessionLeases<Receipt>;
}

/** One queue as one session receives from it. Verbs are told the time; the world has been told it already. */
export interface Receiver {
  readonly store: Store;
  /** Does anybody wait, so that the session has to wake when something falls due? */
  readonly isWaiting: boolean;
  receive(want: Want, signal: AbortSignal): Promise<readonly Delivery[]>;
  renew(receipt: Receipt, leaseMs: number, nowMs: number): HoldOutcome;
  settle(settlement: Settlement, nowMs: number): HoldOutcome;
  /** Nobody renewed this delivery. */
  expired(receipt: Receipt): void;
  /** What was done is made durable now. */
  flush(): void;
  /** There is a connection, the first or a new one. */
  connected(connection: Connection): void;
  /** The connection is lost, and with it all that came over it. */
  disconnected(): void;
  /** The process stops, or goes on. */
  paused(): void;
  resumed(): void;
  /** An orderly end: gives back what nobody asked for, and waits for what cannot be called back. */
  end(): Promise<void>;
}
