import { describe, expect, it } from "vitest";
import type { Move } from "../contract/index.ts";
import { receiptOf } from "../testing/scripted-backend.ts";
import { completed, died, retried, settlerBench } from "../testing/settling.ts";

const withMove = { verbs: ["move"] } as const;

describe("settling by move", () => {
  it("does ack, dead letter and result in one move", async () => {
    const { clock, backend, settler, hold } = settlerBench(withMove);
    const moves: Move[] = [];
    backend.onMove = (given) => {
      moves.push(...given);
      return given.map(() => "ok");
    };
    settler.settle(hold({ index: 0 }), completed);
    settler.settle(hold({ index: 1 }), died);
    await clock.settle();
    expect(backend.log).toEqual(["move 0 1"]);
    expect(moves[0]?.receipts.every(({ ack }) => ack)).toBe(true);
    expect(moves[0]?.sends.map(({ queue }) => queue.role)).toEqual(["dead", "reply"]);
  });

  it("one lost lease in a group: the others go through, and the lost one is not in the reply", async () => {
    const { clock, backend, settler, told, hold, sent } = settlerBench(withMove);
    const holds = [0, 1, 2, 3].map((index) => hold({ index }));
    const lost = new Set([holds[1]?.receipt, holds[2]?.receipt]);
    backend.onMove = (moves) =>
      moves.map(({ receipts }) => {
        const gone = receipts.map(({ receipt }) => receipt).filter((receipt) => lost.has(receipt));
        return gone.length > 0 ? { lost: gone } : "ok";
      });
    holds.forEach((held, index) => {
      settler.settle(held, index === 2 ? died : completed);
    });
    await clock.settle();
    expect(sent()).toEqual(["c1: 0 3"]);
    expect(told).toEqual(["refused 1", "refused 2", "settled 0", "settled 3"]);
  });

  it("all lost: nothing is sent", async () => {
    const { clock, backend, settler, told, hold, sent } = settlerBench(withMove);
    backend.onMove = (moves) => moves.map(({ receipts }) => ({ lost: receipts.map(({ receipt }) => receipt) }));
    settler.settle(hold({ index: 0 }), completed);
    settler.settle(hold({ index: 1 }), retried(1, 0));
    await clock.settle();
    expect([sent(), told.toSorted()]).toEqual([[], ["refused 0", "refused 1"]]);
  });

  it("a lost lease and a coordinator that is gone, one after the other", async () => {
    const { clock, backend, settler, told, hold } = settlerBench(withMove);
    const holds = [0, 1].map((index) => hold({ index }));
    backend.onMove = (moves) =>
      moves.map(({ receipts, sends }) => {
        const lost = receipts.map(({ receipt }) => receipt).filter((one) => one === holds[0]?.receipt);
        if (lost.length > 0) return { lost };
        return sends.length > 0 ? { gone: sends.map(({ queue }) => queue) } : "ok";
      });
    for (const held of holds) settler.settle(held, completed);
    await clock.settle();
    expect(told).toEqual(["refused 0", "settled 1 undelivered"]);
  });

  it("an answer that names a receipt nobody asked about does not loop", async () => {
    const { clock, backend, settler, told, hold } = settlerBench(withMove);
    backend.onMove = (moves) => moves.map(() => ({ lost: [receiptOf("other")] }));
    settler.settle(hold(), completed);
    await clock.settle();
    expect([backend.log.length, told]).toEqual([1, []]);
  });

  it("copies are moves of their own: one that is lost does not hold the others back", async () => {
    const { clock, backend, settler, told, hold, sent } = settlerBench(withMove);
    const holds = [0, 1, 2].map((index) => hold({ index }));
    backend.onMove = (moves) =>
      moves.map(({ receipts }) =>
        receipts[0]?.receipt === holds[1]?.receipt ? { lost: [receipts[0]?.receipt as never] } : "ok",
      );
    for (const held of holds) settler.settle(held, retried(1, 0));
    await clock.settle();
    expect(sent()).toEqual(["work 0#0.1~0 after 0", "work 2#0.1~0 after 0"]);
    expect(told).toEqual(["settled 0", "refused 1", "settled 2"]);
  });
});
