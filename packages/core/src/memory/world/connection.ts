import type { HeldGrant, Holder } from "./world-frame.ts";

/** What a world knows of one client: what it holds, and whether it is still there. */
export class Connection implements Holder {
  readonly grants = new Set<HeldGrant>();
  isOpen = true;
  /** From then on the broker has noticed that its client is gone; `Infinity` while it is not. */
  diesAtMs = Number.POSITIVE_INFINITY;
  /** Done when it ends, whatever the reason: leaves a group, stops a consumer. */
  readonly leaving = new Set<() => void>();
  /** Told to the client, if it still lives. */
  readonly ended: (reason: Error) => void;
  /** Something may change by itself at that time: wake up then, if you wait for anything. */
  readonly wakeAt: (atMs: number) => void;

  constructor(client: { ended(reason: Error): void; wakeAt(atMs: number): void }) {
    this.ended = (reason) => client.ended(reason);
    this.wakeAt = (atMs) => client.wakeAt(atMs);
  }
}
