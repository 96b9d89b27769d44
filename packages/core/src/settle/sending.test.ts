import { describe, expect, it } from "vitest";
import { BrokerError } from "../testing/scripted-backend.ts";
import { completed, died, retried, SETTLE_LEASE_MS, settlerBench } from "../testing/settling.ts";

const without = { verbs: [] } as const;

describe("settling by send, then ack", () => {
  it("sends before it acks", async () => {
    const { clock, backend, settler, hold } = settlerBench(without);
    settler.settle(hold({ index: 0 }), died);
    await clock.settle();
    expect(backend.log).toEqual(["send dead/dead", "send reply/c1", "ack 0"]);
    backend.log.length = 0;
    settler.settle(hold({ index: 1 }), retried(1, 0));
    await clock.settle();
    expect(backend.log).toEqual(["send work/normal", "ack 1"]);
  });

  it.each([
    ["a result", completed, "reply"],
    ["a dead letter", died, "dead"],
    ["a copy", retried(1, 0), "work"],
  ])("does not ack when %s could not be sent", async (_, decision, role) => {
    const { clock, backend, settler, told, hold } = settlerBench(without);
    backend.onSend = (queue, frames) =>
      frames.map(() => (queue.role === role ? { failed: new BrokerError("DENIED") } : "ok"));
    settler.settle(hold(), decision);
    await clock.advance(SETTLE_LEASE_MS);
    expect([backend.log.includes("ack 0"), told]).toEqual([false, []]);
  });

  it.each([
    ["with a coordinator", "c1"],
    ["without one", undefined],
  ])("does not ack a death whose letter found no queue: %s", async (_, coordinator) => {
    const { clock, backend, settler, told, hold } = settlerBench(without);
    backend.onSend = (queue, frames) => frames.map(() => (queue.role === "dead" ? "gone" : "ok"));
    settler.settle(hold({ coordinator }), died);
    await clock.advance(SETTLE_LEASE_MS);
    expect([backend.log.includes("ack 0"), told]).toEqual([false, []]);
  });

  it("one lost lease among acks: the others are settled", async () => {
    const { clock, backend, settler, told, hold } = settlerBench(without);
    backend.onSettle = (settlements) => settlements.map((_, index) => (index === 1 ? "lost" : "ok"));
    for (const index of [0, 1, 2]) settler.settle(hold({ index }), completed);
    await clock.settle();
    expect(told).toEqual(["settled 0", "refused 1", "settled 2"]);
  });

  it.each([
    ["a copy", retried(1, 0)],
    ["a result", completed],
    ["a dead letter", died],
  ])("remembers the name behind %s that is out, whatever becomes of the ack", async (_, decision) => {
    const { clock, backend, settler, hold } = settlerBench(without);
    const [out, refused] = [hold({ index: 0 }), hold({ index: 1 })];
    backend.onSettle = (settlements) => settlements.map(() => "lost");
    settler.settle(out, decision);
    await clock.settle();
    backend.onSend = (_queue, frames) => frames.map(() => ({ failed: new BrokerError("DENIED") }));
    settler.settle(refused, decision);
    await clock.settle();
    expect([out, refused].map(({ frame }) => settler.wasForwarded(frame))).toEqual([true, false]);
    expect(settler.wasForwarded(hold({ index: 0, attempt: 1 }).frame)).toBe(false);
  });

  it("sends a copy once, though its ack is not answered for a while: a lost ack must not fork a task", async () => {
    const { clock, backend, settler, told, hold, sent } = settlerBench(without);
    let acks = 0;
    backend.onSettle = (settlements) => {
      acks += 1;
      if (acks > 300) return settlements.map(() => "ok");
      throw new BrokerError("UNAVAILABLE");
    };
    settler.settle(hold(), retried(1, 0));
    await clock.advance(2 * SETTLE_LEASE_MS);
    expect(sent()).toEqual(["work 0#0.1~0 after 0"]);
    expect(told.length).toBeLessThanOrEqual(1);
  });

  it.each([
    ["a copy", retried(1, 0), ["work 1#0.1~0 after 0", "work 2#0.1~0 after 0"]],
    ["a result", completed, ["c1: 1 2"]],
    ["a dead letter", died, ["dead 1 REJECTED", "dead 2 REJECTED", "c1: 1 2"]],
  ])("%s that is out is not sent again when the ack is tried under a longer lease", async (_, decision, expected) => {
    const { clock, backend, settler, told, hold, sent } = settlerBench(without);
    backend.onSettle = (settlements) => {
      if (clock.now() < 400) throw new BrokerError("UNAVAILABLE");
      return settlements.map(() => "ok");
    };
    settler.settle(hold({ index: 1 }, 300), decision);
    settler.settle(hold({ index: 2 }, SETTLE_LEASE_MS), decision);
    await clock.advance(SETTLE_LEASE_MS);
    expect([sent(), told]).toEqual([expected, ["settled 2"]]);
  });

  it("forgets what was sent on before the last 10,000", async () => {
    const { clock, settler, hold } = settlerBench(without);
    const all = Array.from({ length: 20_001 }, (_, index) => hold({ index }));
    for (const task of all) settler.settle(task, retried(1, 0));
    await clock.settle();
    const known = [0, 10_001, 20_000].map((index) => settler.wasForwarded((all[index] as (typeof all)[number]).frame));
    expect(known).toEqual([false, true, true]);
  });

  it("one copy that fails among others: it alone is not acked", async () => {
    const { clock, backend, settler, told, hold } = settlerBench(without);
    backend.onSend = (_, frames) =>
      frames.map((_frame, index) => (index === 1 ? { failed: new BrokerError("TOO_LARGE") } : "ok"));
    for (const index of [0, 1, 2]) settler.settle(hold({ index }), retried(1, 0));
    await clock.settle();
    expect(backend.log).toEqual(["send work/normal", "ack 0", "ack 2"]);
    expect(told).toEqual(["settled 0", "settled 2"]);
  });
});
