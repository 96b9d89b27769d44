import type {
  HoldOutcome,
  Move,
  MoveOutcome,
  OutFrame,
  Queue,
  Receipt,
  SendOutcome,
  Settlement,
} from "@org/dispatch-core/contract";
import { Blob, frameSize } from "./blob.ts";
import type { Place } from "./keys.ts";
import { RedisReceipt } from "./source.ts";

const HELD = 0x30;

/** The items of one call, by queue: each queue is a script call of its own. */
export interface Share<I> {
  readonly place: Place;
  readonly items: I[];
  /** Where each stood among the arguments. */
  readonly at: number[];
}

/** Cuts by queue; what is no receipt of this backend is in none of the shares. */
export function shares<I>(
  items: readonly I[],
  receiptOf: (item: I) => Receipt,
  placeOf: (queue: Queue) => Place,
): Share<I>[] {
  const found = new Map<Place, Share<I>>();
  items.forEach((item, index) => {
    const receipt = receiptOf(item);
    if (!(receipt instanceof RedisReceipt)) return;
    const place = placeOf(receipt.queue);
    let share = found.get(place);
    if (share === undefined) {
      share = { place, items: [], at: [] };
      found.set(place, share);
    }
    share.items.push(item);
    share.at.push(index);
  });
  return [...found.values()];
}

/** One character an item: `0` held. */
export function holdOutcomes(answer: Uint8Array): HoldOutcome[] {
  return Array.from(answer, (character) => (character === HELD ? "ok" : "lost"));
}

export function sendOutcomes(answer: Uint8Array, count: number): SendOutcome[] {
  if (answer.length === 0) return Array.from({ length: count }, () => "gone");
  return Array.from(answer, (character) => (character === HELD ? "ok" : "duplicate"));
}

export function renewBlob(receipts: readonly Receipt[]): Buffer {
  const leases = receipts.map(leaseOf);
  const blob = new Blob(leases.reduce((sum, lease) => sum + 2 + lease.length, 0));
  for (const lease of leases) blob.lease(lease);
  return blob.end();
}

export function settleBlob(settlements: readonly Settlement[]): Buffer {
  const blob = new Blob(settlements.reduce((sum, { receipt }) => sum + 9 + leaseOf(receipt).length, 0));
  for (const settlement of settlements) {
    if (settlement.kind === "ack") blob.byte(0).delay(0);
    else blob.byte(1).delay(settlement.delayMs);
    blob.lease(leaseOf(settlement.receipt));
  }
  return blob.end();
}

/** By what a frame's record is found; in queues that hold no tasks there is nothing to find it by. */
export function idOf({ kind }: Place, frame: OutFrame): string | undefined {
  return kind === "i" ? frame.id : undefined;
}

/** Several moves for one script call; `places`: the script's queues, added to as they come. */
export function moveBlob(moves: readonly Move[], places: Place[], placeOf: (queue: Queue) => Place): Buffer {
  const indexOf = (place: Place) => {
    const index = places.indexOf(place);
    return index < 0 ? places.push(place) - 1 : index;
  };
  let size = 0;
  for (const { receipts, sends } of moves) {
    size += 4;
    for (const { receipt } of receipts) size += 5 + leaseOf(receipt).length;
    for (const { frame } of sends) size += 2 + frameSize(frame, frame.id);
  }
  const blob = new Blob(size);
  for (const { receipts, sends } of moves) {
    blob.short(receipts.length);
    for (const { receipt, ack } of receipts)
      blob
        .short(indexOf(placeOf(receipt.queue)))
        .byte(ack ? 1 : 0)
        .lease(leaseOf(receipt));
    blob.short(sends.length);
    for (const { queue, frame } of sends) {
      const place = placeOf(queue);
      blob.short(indexOf(place)).frame(frame, idOf(place, frame));
    }
  }
  return blob.end();
}

export function moveOutcome(answer: Uint8Array, { receipts, sends }: Move): MoveOutcome {
  const [kind, ...characters] = answer;
  if (kind === 0x4c)
    return { lost: receipts.filter((_, index) => characters[index] !== HELD).map(({ receipt }) => receipt) };
  if (kind === 0x47) {
    const gone = sends.filter((_, index) => characters[index] !== HELD).map(({ queue }) => queue);
    return { gone: [...new Set(gone)] };
  }
  return "ok";
}

function leaseOf(receipt: Receipt): Buffer {
  return (receipt as RedisReceipt).lease;
}
