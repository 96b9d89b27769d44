import type { Queue } from "@org/dispatch-core/contract";
import type { Hiding } from "./hiding.ts";
import type { Holding } from "./holding.ts";
import { MOST_BATCH_FRAMES } from "./profile.ts";

/** What is received and could neither be deleted nor given back is there again after so long. */
const IN_HAND_S = 30;
/** A part ends after so long with what it has removed, well before its caller gives it up. */
const PART_MS = 5_000;
const MOST_AT_ONCE = 8;

export interface PurgingPort {
  readonly hiding: Hiding;
  readonly holding: Holding;
}

/** Receives and deletes, several at a time, until nothing is there, or `ready` are gone, or its time is over. Throws where it could remove nothing. */
export async function purgePart(
  { hiding, holding }: PurgingPort,
  queue: Queue,
  ready: number,
  signal: AbortSignal,
): Promise<number> {
  const untilMs = hiding.now() + PART_MS;
  let purged = 0;
  let isOver = false;
  const removed = async () => {
    const receipts = (await hiding.take(queue, MOST_BATCH_FRAMES, IN_HAND_S, signal)).map(([, receipt]) => receipt);
    if (receipts.length === 0) isOver = true;
    try {
      const outcomes = await holding.settle(receipts.map((receipt) => ({ kind: "ack", receipt }) as const), signal); // biome-ignore format: one call
      purged += outcomes.filter((outcome) => outcome === "ok").length;
    } finally {
      const left = receipts.filter(({ isEnded }) => !isEnded);
      if (left.length > 0) await hiding.giveBack(left, untilMs, signal);
    }
    // Not what is sent meanwhile: a sender that is fast enough would keep it going for ever.
    if (purged >= ready && receipts.length < MOST_BATCH_FRAMES) isOver = true;
  };
  const lane = async () => {
    while (!isOver && hiding.now() < untilMs) await removed();
  };
  const wide = Math.max(1, Math.min(MOST_AT_ONCE, Math.ceil(ready / MOST_BATCH_FRAMES)));
  const lanes = await Promise.allSettled(Array.from({ length: wide }, lane));
  const failed = lanes.find((one) => one.status === "rejected");
  if (purged === 0 && failed !== undefined) throw failed.reason;
  return purged;
}
