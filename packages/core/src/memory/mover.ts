import type { Clock, Move, MoveOutcome, Queue, Receipt } from "../contract/index.ts";
import type { Grant, Home } from "./grant.ts";
import { FRAME_BYTES } from "./profile.ts";
import { type QueueStore, tooLarge } from "./queue-store.ts";
import type { QueueTable } from "./queue-table.ts";

/** What a move needs of the backend: the current grant behind a receipt, and to remember which queues to serve at the end. */
export interface Hands {
  held(receipt: Receipt, nowMs: number): Grant | undefined;
  touch(home: Home, nowMs: number): void;
}

/**
 * Does one move, or nothing of it: looks at every receipt, then at every frame and its queue, and only then acts, which cannot fail. A first frame in
 * a move is not refused as a duplicate, nor by a bound: what it replaces was here already.
 */
export function doMove(move: Move, hands: Hands, queues: QueueTable, clock: Clock, nowMs: number): MoveOutcome {
  let lost: Receipt[] | undefined;
  for (const { receipt } of move.receipts) {
    if (hands.held(receipt, nowMs) === undefined) {
      lost ??= [];
      lost.push(receipt);
    }
  }
  if (lost !== undefined) return { lost };
  let gone: Queue[] | undefined;
  try {
    for (const { queue, frame } of move.sends) {
      if (frame.bytes.length > FRAME_BYTES) return { failed: tooLarge(frame.bytes.length) };
      if (queues.target(queue, clock) !== undefined) continue;
      gone ??= [];
      if (!gone.includes(queue)) gone.push(queue);
    }
  } catch (failed) {
    return { failed };
  }
  if (gone !== undefined) return { gone };
  for (const { queue, frame } of move.sends) {
    const store = queues.target(queue, clock) as QueueStore;
    hands.touch(store, nowMs);
    store.put(frame, nowMs);
  }
  for (const { receipt, ack } of move.receipts) {
    // Asked again, since a receipt may stand twice in one move.
    const grant = ack ? hands.held(receipt, nowMs) : undefined;
    if (grant !== undefined) grant.home.ack(grant);
  }
  return "ok";
}
