import type { Move, MoveOutcome, Queue, Receipt } from "../../contract/index.ts";
import { refusedFrame } from "./limits.ts";
import { MessageQueue } from "./message-queue.ts";
import type { World } from "./world.ts";
import { HeldGrant } from "./world-frame.ts";

/** Does one move, or nothing of it: looks at every receipt, then at every frame and its queue, and only then acts, which cannot fail. */
export function moveInWorld(move: Move, world: World, nowMs: number): MoveOutcome {
  const { rules, stores } = world;
  const lost = move.receipts.flatMap(({ receipt }) => (held(receipt, rules, nowMs) === undefined ? [receipt] : []));
  if (lost.length > 0) return { lost };
  const gone: Queue[] = [];
  try {
    for (const { queue, frame } of move.sends) {
      const refused = refusedFrame(rules.profile, frame);
      if (typeof refused === "object") return refused;
      if (stores.target(queue, nowMs) === undefined && !gone.includes(queue)) gone.push(queue);
    }
  } catch (failed) {
    return { failed };
  }
  if (gone.length > 0) return { gone };
  for (const { queue, frame } of move.sends) {
    const store = stores.target(queue, nowMs);
    if (store instanceof MessageQueue) store.put(frame, nowMs);
  }
  for (const { receipt, ack } of move.receipts) {
    // Asked again, since a receipt may stand twice in one move.
    const grant = ack ? held(receipt, rules, nowMs) : undefined;
    if (grant !== undefined) grant.home.ack(grant, nowMs);
  }
  return "ok";
}

function held(receipt: Receipt, rules: object, nowMs: number): HeldGrant | undefined {
  if (!(receipt instanceof HeldGrant) || receipt.home.rules !== rules) return undefined;
  return receipt.home.isCurrent(receipt, nowMs) ? receipt : undefined;
}
