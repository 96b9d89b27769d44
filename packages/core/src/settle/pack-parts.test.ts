import { describe, expect, it } from "vitest";
import { DispatchError } from "../errors.ts";
import { BrokerError } from "../testing/scripted-backend.ts";
import { completed, died, packBench, retried, SETTLE_LEASE_MS } from "../testing/settling.ts";

const MOVE = ["move", { verbs: ["move"] }] as const;
const SEND = ["send, then ack", { verbs: [] }] as const;
const release = { kind: "copy", counters: { round: 0, attempt: 0, copy: 1, lost: 0 }, delayMs: 0, reason: "split", code: undefined, durationMs: 0 } as const; // biome-ignore format: one line

const unavailable = () => {
  throw new BrokerError("UNAVAILABLE");
};
const denied = () => {
  throw new BrokerError("DENIED");
};

describe.each([MOVE, SEND])("tasks of a pack, by %s", (way, profile) => {
  const moves = way === "move";

  it("all at once: one reply frame, and the pack acked", async () => {
    const { clock, backend, settler, told, parts, sent } = packBench(profile);
    for (const part of parts(3)) settler.settle(part, completed);
    await clock.settle();
    expect(sent()).toEqual(["c1: 0 1 2"]);
    expect(told).toEqual(moves ? ["settled 0", "settled 1", "settled 2 acked"] : ["settled 0", "settled 1", "settled 2", "settled pack"]); // biome-ignore format: one line
    expect(backend.log).toEqual(moves ? ["move pack"] : ["send reply/c1", "ack pack"]);
  });

  it("one after the other: the frame goes with the last, and is only proven before", async () => {
    const { clock, settler, told, parts, acks } = packBench(profile);
    for (const part of parts(3)) {
      settler.settle(part, completed);
      await clock.settle();
    }
    expect(acks).toEqual(moves ? [false, false, true] : [true]);
    expect(told.filter((line) => line.endsWith("acked") || line.endsWith("pack"))).toHaveLength(1);
    expect(told).toHaveLength(moves ? 3 : 4);
  });

  it("each its own end: done, retried, dead, sent on", async () => {
    const { clock, settler, told, parts, sent } = packBench(profile);
    const [a, b, c, d] = parts(4);
    settler.settle(a, completed);
    settler.settle(b, retried(1, 500));
    settler.settle(c, died);
    settler.settle(d, release);
    await clock.settle();
    expect(sent().toSorted()).toEqual(["c1: 2 0", "dead 2 REJECTED", "work 1#0.1~0 after 500", "work 3#0.0~1 after 0"]);
    expect(told.filter((line) => !line.includes("pack")).map((line) => line.split(" ")[1]).toSorted()).toEqual(["0", "1", "2", "3"]); // biome-ignore format: one line
    expect(told.at(-1)).toBe("settled pack");
  });

  it("nobody waits for them: nothing is written but the ack of their frame", async () => {
    const { clock, backend, settler, told, parts } = packBench(profile, { coordinator: undefined });
    for (const part of parts(2)) settler.settle(part, completed);
    await clock.settle();
    expect([backend.log, told]).toEqual([["ack pack"], ["settled 0", "settled 1", "settled pack"]]);
  });

  it("one that only has to be acked costs the broker nothing", async () => {
    const { clock, backend, settler, told, parts } = packBench(profile);
    const [a, b] = parts(2);
    settler.settle(a, { kind: "ack" });
    await clock.settle();
    expect([backend.log, told]).toEqual([[], ["settled 0"]]);
    settler.settle(b, { kind: "ack" });
    await clock.settle();
    expect([backend.log, told]).toEqual([["ack pack"], ["settled 0", "settled 1", "settled pack"]]);
  });

  it("what was sent on, or done, while the frame stays is remembered: it may come again", async () => {
    const { clock, settler, parts } = packBench(profile);
    const [a, b, c] = parts(3);
    settler.settle(a, completed);
    settler.settle(b, retried(1, 0));
    await clock.settle();
    expect([a, b, c].map(({ frame }) => settler.wasForwarded(frame))).toEqual([true, true, false]);
  });

  it("the coordinator is gone: settled all the same, and the last acks", async () => {
    const { clock, backend, settler, told, parts } = packBench(profile);
    backend.onSend = (queue, frames) => frames.map(() => (queue.role === "reply" ? "gone" : "ok"));
    backend.onMove = (all) =>
      all.map(({ sends }) => {
        const gone = sends.map(({ queue }) => queue).filter(({ role }) => role === "reply");
        return gone.length > 0 ? { gone } : "ok";
      });
    for (const part of parts(2)) settler.settle(part, completed);
    await clock.settle();
    expect(told.filter((line) => line.includes("undelivered"))).toHaveLength(2);
    expect(told.filter((line) => line.includes("acked") || line.includes("pack"))).toHaveLength(1);
  });

  it("more copies than the broker takes in one call: in parts, then the ack", async () => {
    const limits = { frameBytes: 1e6, batchFrames: 4, batchBytes: 1e6, inFlight: 1_000, delayPrecisionMs: 1 };
    const { clock, backend, settler, told, parts, sent } = packBench({ ...profile, limits });
    const sizes: number[] = [];
    const usual = backend.onMove;
    backend.onMove = (all, signal) => {
      for (const { sends } of all) sizes.push(sends.length);
      return usual(all, signal);
    };
    for (const part of parts(10)) settler.settle(part, release);
    await clock.settle();
    expect(sent()).toHaveLength(10);
    if (moves) expect(sizes).toEqual([4, 4, 2]);
    expect([told.length, told.at(-1)]).toEqual([11, "settled pack"]);
  });

  it("many dead in one turn: no move is larger than a call of the broker", async () => {
    const limits = { frameBytes: 1e6, batchFrames: 4, batchBytes: 1e6, inFlight: 1_000, delayPrecisionMs: 1 };
    const { clock, backend, settler, told, parts, sent } = packBench({ ...profile, limits });
    const usual = backend.onMove;
    backend.onMove = (all, signal) => {
      for (const { sends } of all) expect(sends.length).toBeLessThanOrEqual(4);
      return usual(all, signal);
    };
    for (const part of parts(10)) settler.settle(part, died);
    await clock.settle();
    expect(sent().filter((line) => line.startsWith("dead"))).toHaveLength(10);
    expect(told.filter((line) => !line.includes("pack"))).toHaveLength(10);
  });

  it.each<[string, Parameters<ReturnType<typeof packBench>["settler"]["settle"]>[1]]>([
    ["a result", completed],
    ["a retry", retried(1, 0)],
    ["a death", died],
  ])("unanswered, %s of a pack that is renewed is tried again, and settled once", async (_, decision) => {
    const { clock, backend, settler, told, parts, renewTo } = packBench(profile);
    const [a, b] = parts(2);
    const usual = { onSend: backend.onSend, onSettle: backend.onSettle, onMove: backend.onMove };
    Object.assign(backend, { onSend: unavailable, onSettle: unavailable, onMove: unavailable });
    settler.settle(a, decision);
    await clock.advance(SETTLE_LEASE_MS / 2);
    renewTo(3 * SETTLE_LEASE_MS);
    await clock.advance(SETTLE_LEASE_MS);
    expect(told).toEqual([]);
    Object.assign(backend, usual);
    await clock.advance(SETTLE_LEASE_MS);
    expect(told).toEqual(["settled 0"]);
    settler.settle(b, decision);
    await clock.settle();
    expect(told.filter((line) => line === "settled 0")).toHaveLength(1);
    expect(told.at(-1)).toMatch(/pack|acked/);
  });

  it.each<[string, Parameters<ReturnType<typeof packBench>["settler"]["settle"]>[1]]>([
    ["a result", completed],
    ["a retry", retried(1, 0)],
    ["a death", died],
  ])("refused for good, %s gives the whole frame up: else it would be renewed for ever", async (_, decision) => {
    const { clock, backend, settler, told, parts } = packBench(profile);
    const [a] = parts(2);
    Object.assign(backend, { onSend: denied, onSettle: denied, onMove: denied });
    settler.settle(a, decision);
    await clock.advance(10 * SETTLE_LEASE_MS);
    expect(told).toEqual(["refused 0"]);
  });

  it("whose frame of its own cannot be made: the frame is given up, and comes again", async () => {
    const away = new DispatchError("UNAVAILABLE", "the store is away");
    for (const alone of [
      () => Promise.reject(away),
      () => {
        throw away;
      },
    ]) {
      // biome-ignore format: one line
      const { clock, settler, told, parts, sent } = packBench(profile, {}, alone);
      const [a, b] = parts(2);
      settler.settle(a, retried(1, 0));
      await settler.idle();
      settler.settle(b, completed);
      await clock.settle();
      expect([told, sent()]).toEqual([["refused 0"], []]);
    }
  });
});

describe("several packs in one step", () => {
  it("lost is only the one that is lost: the others go without it", async () => {
    const { clock, backend, settler, told, parts, sent } = packBench({ verbs: ["move"] });
    const lost = parts(2, "lost", 10);
    const good = parts(2, "good", 20);
    backend.onMove = (all) =>
      all.map(({ receipts }) => {
        const gone = receipts.map(({ receipt }) => receipt).filter((receipt) => "label" in receipt && receipt.label === "lost"); // biome-ignore format: one line
        return gone.length > 0 ? { lost: gone } : "ok";
      });
    for (const part of [...lost, ...good]) settler.settle(part, completed);
    await clock.settle();
    expect(sent()).toEqual(["c1: 20 21"]);
    expect(told).toEqual(["refused 10", "refused 11", "settled 20", "settled 21 acked"]);
  });

  it("copies of one pack are one move, of several packs several", async () => {
    const { clock, backend, settler, parts } = packBench({ verbs: ["move"] });
    const seen: string[] = [];
    const usual = backend.onMove;
    backend.onMove = (all, signal) => {
      for (const { receipts, sends } of all) seen.push(`${receipts.map(({ ack }) => ack)} ${sends.length}`);
      return usual(all, signal);
    };
    const [a, b] = parts(3, "one", 10);
    for (const part of [a, b, ...parts(2, "two", 20)]) settler.settle(part, release);
    await clock.settle();
    expect(seen).toEqual(["false 2", "true 2"]);
  });

  it("a lost lease costs all the copies of its frame, and no other's", async () => {
    const { clock, backend, settler, told, parts } = packBench({ verbs: ["move"] });
    backend.onMove = (all) => all.map(({ receipts: [first] }) => {
      const receipt = first?.receipt;
      return receipt !== undefined && "label" in receipt && receipt.label === "one" ? { lost: [receipt] } : "ok";
    }); // biome-ignore format: one line
    for (const part of [...parts(2, "one", 10), ...parts(1, "two", 20)]) settler.settle(part, release);
    await clock.settle();
    expect(told).toEqual(["refused 10", "refused 11", "settled 20 acked"]);
  });
});
