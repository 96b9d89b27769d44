import { describe, expect, it } from "vitest";
import { probeOf } from "../testing/frames.ts";
import { BrokerError, receiptOf } from "../testing/scripted-backend.ts";
import { completed, died, retried, SETTLE_LEASE_MS, settlerBench } from "../testing/settling.ts";

const release = { kind: "release", delayMs: 250, reason: "released" } as const;

describe("with or without move", () => {
  for (const [way, profile] of [
    ["move", { verbs: ["move"] }],
    ["send, then ack", { verbs: [] }],
  ] as const) {
    describe(way, () => {
      it("a result: to its coordinator, and acked", async () => {
        const { clock, settler, told, hold, sent } = settlerBench(profile);
        settler.settle(hold({ index: 3 }), completed);
        await clock.settle();
        expect([sent(), told]).toEqual([["c1: 3"], ["settled 3"]]);
      });

      it("a dead one: dead letter, result and ack", async () => {
        const { clock, settler, told, hold, sent } = settlerBench(profile);
        settler.settle(hold({ index: 3 }), died);
        await clock.settle();
        expect([sent(), told]).toEqual([["dead 3 REJECTED", "c1: 3"], ["settled 3"]]);
      });

      it("a dead one for which nobody waits: dead letter and ack", async () => {
        const { clock, settler, told, hold, sent } = settlerBench(profile);
        settler.settle(hold({ index: 3, coordinator: undefined }), died);
        await clock.settle();
        expect([sent(), told]).toEqual([["dead 3 REJECTED"], ["settled 3"]]);
      });

      it("a completed one for which nobody waits: only an ack", async () => {
        const { clock, backend, settler, told, hold } = settlerBench(profile);
        settler.settle(hold({ index: 3, coordinator: undefined }), completed);
        await clock.settle();
        expect([backend.log, told]).toEqual([["ack 3"], ["settled 3"]]);
      });

      it("a retry: a copy with its delay, and acked", async () => {
        const { clock, settler, told, hold, sent } = settlerBench(profile);
        settler.settle(hold({ index: 3 }), retried(1, 500));
        await clock.settle();
        expect([sent(), told]).toEqual([["work 3#0.1~0 after 500"], ["settled 3"]]);
      });

      it("a release, and an ack of what is done", async () => {
        const { clock, backend, settler, told, hold } = settlerBench(profile);
        let delayMs: number | undefined;
        backend.onSettle = (settlements) => {
          for (const one of settlements) if (one.kind === "release") delayMs = one.delayMs;
          return settlements.map(() => "ok");
        };
        settler.settle(hold({ index: 1 }), release);
        settler.settle(hold({ index: 2 }), { kind: "ack" });
        await clock.settle();
        expect([backend.log, delayMs, told]).toEqual([["release 1", "ack 2"], 250, ["settled 1", "settled 2"]]);
      });

      it("a probe: answered to its coordinator", async () => {
        const { clock, settler, told, adopt, sent } = settlerBench(profile);
        const lease = { lost: 0, deadline: SETTLE_LEASE_MS, whole: true, left: 1 };
        const probe = { receipt: receiptOf("p"), frame: probeOf(42, "c9"), ...lease };
        settler.settle(adopt(probe, "p"), { kind: "ack" });
        await clock.settle();
        expect([sent(), told]).toEqual([["c9: probe 42"], ["settled p"]]);
      });

      it("results of one turn travel together, each coordinator's in its own frame", async () => {
        const { clock, settler, told, hold, sent } = settlerBench(profile);
        for (let index = 0; index < 6; index += 1)
          settler.settle(hold({ index, coordinator: index % 2 === 0 ? "even" : "odd" }), completed);
        await clock.settle();
        expect(sent()).toEqual(["even: 0 2 4", "odd: 1 3 5"]);
        expect(told).toHaveLength(6);
      });

      it("at most 500 results a frame", async () => {
        const { clock, settler, told, hold, sent } = settlerBench(profile);
        for (let index = 0; index < 1_001; index += 1) settler.settle(hold({ index }), completed);
        await clock.settle();
        expect(sent().map((line) => line.split(" ").length - 1)).toEqual([500, 500, 1]);
        expect(new Set(told).size).toBe(1_001);
      });

      it("no reply frame above the limit of the broker", async () => {
        const limits = {
          frameBytes: 10_000,
          batchFrames: 100,
          batchBytes: 100_000,
          inFlight: 1_000,
          delayPrecisionMs: 1,
        };
        const { clock, backend, settler, told, hold } = settlerBench({ ...profile, limits });
        const json = JSON.stringify("x".repeat(3_000));
        const big = { ...completed, ending: { ...completed.ending, json } };
        for (let index = 0; index < 7; index += 1) settler.settle(hold({ index }), big);
        await clock.settle();
        expect(backend.sent.map(({ frame }) => frame.bytes.length).every((bytes) => bytes <= 10_000)).toBe(true);
        expect(told).toHaveLength(7);
      });

      it("a coordinator that is gone: acked, and said to be undelivered; the dead letter is kept", async () => {
        const { clock, backend, settler, told, hold, sent } = settlerBench(profile);
        backend.onSend = (queue, frames) => frames.map(() => (queue.role === "reply" ? "gone" : "ok"));
        backend.onMove = (moves) =>
          moves.map(({ sends }) => {
            const gone = sends.map(({ queue }) => queue).filter(({ role }) => role === "reply");
            return gone.length > 0 ? { gone } : "ok";
          });
        settler.settle(hold({ index: 1 }), completed);
        settler.settle(hold({ index: 2 }), died);
        await clock.settle();
        expect([sent(), told]).toEqual([["dead 2 REJECTED"], ["settled 1 undelivered", "settled 2 undelivered"]]);
      });

      it.each([
        ["a result", completed],
        ["a retry", retried(1, 0)],
        ["a death", died],
        ["a release", release],
      ])("no lease, no write: %s", async (_, decision) => {
        const { clock, backend, settler, denied, told, hold } = settlerBench(profile);
        const held = hold();
        denied.add(held);
        settler.settle(held, decision);
        await clock.settle();
        expect([backend.log, told]).toEqual([[], []]);
      });

      it.each([
        ["a result", completed],
        ["a retry", retried(1, 0)],
        ["a death", died],
        ["a release", release],
      ])("unanswered, %s is tried again within its lease, and settled once", async (_, decision) => {
        const { clock, backend, settler, told, hold } = settlerBench(profile);
        const fail = () => {
          throw new BrokerError("UNAVAILABLE");
        };
        const usual = { onSend: backend.onSend, onSettle: backend.onSettle, onMove: backend.onMove };
        Object.assign(backend, { onSend: fail, onSettle: fail, onMove: fail });
        settler.settle(hold(), decision);
        await clock.advance(SETTLE_LEASE_MS / 2);
        expect(told).toEqual([]);
        Object.assign(backend, usual);
        await clock.advance(SETTLE_LEASE_MS / 2);
        expect(told).toEqual(["settled 0"]);
      });

      it("no call outlives the first of its leases", async () => {
        const { clock, backend, settler, told, hold } = settlerBench(profile);
        const ends: number[] = [];
        const hang = (signal: AbortSignal) =>
          new Promise<never>((_resolve, reject) =>
            signal.addEventListener("abort", () => {
              ends.push(clock.now());
              reject(signal.reason);
            }),
          );
        backend.onSend = (_queue, _frames, signal) => hang(signal);
        backend.onSettle = (_, signal) => hang(signal);
        backend.onMove = (_, signal) => hang(signal);
        for (const decision of [completed, retried(1, 0), release]) {
          settler.settle(hold({}, 300), decision);
          settler.settle(hold({}, 300), decision);
        }
        await clock.advance(299);
        expect(ends).toEqual([]);
        await clock.advance(1);
        expect(ends).toEqual([300, 300, 300]);
        await clock.advance(10_000);
        await settler.idle();
        expect([ends.length, told]).toEqual([3, []]);
      });

      it("what is refused for good is left to the lease", async () => {
        const { clock, backend, settler, told, hold } = settlerBench(profile);
        const fail = () => {
          throw new BrokerError("DENIED");
        };
        Object.assign(backend, { onSend: fail, onSettle: fail, onMove: fail });
        settler.settle(hold(), completed);
        await clock.advance(SETTLE_LEASE_MS);
        await settler.idle();
        expect([told, backend.log.length]).toEqual([[], 1]);
      });

      it("does not spin when the broker refuses until the lease is nearly over", async () => {
        const { clock, backend, settler, hold } = settlerBench(profile);
        let calls = 0;
        const fail = <T>(items: readonly T[]): "ok"[] => {
          calls += 1;
          // The guard of this test: a loop without a pause would never let it end.
          if (calls > 300) return items.map(() => "ok");
          throw new BrokerError("UNAVAILABLE");
        };
        backend.onSend = (_, frames) => fail(frames);
        backend.onSettle = (settlements) => fail(settlements);
        backend.onMove = (moves) => fail(moves);
        settler.settle(hold(), completed);
        await clock.advance(2 * SETTLE_LEASE_MS);
        expect(calls).toBeLessThan(100);
      });

      it("is idle when all that was given has its answer", async () => {
        const { clock, backend, settler, hold } = settlerBench(profile);
        await settler.idle();
        let answer!: () => void;
        const wait = (items: readonly unknown[]) =>
          new Promise<"ok"[]>((resolve) => (answer = () => resolve(items.map(() => "ok"))));
        backend.onMove = wait;
        backend.onSettle = wait;
        settler.settle(hold(), completed);
        let idle = false;
        void settler.idle().then(() => {
          idle = true;
        });
        await clock.settle();
        expect(idle).toBe(false);
        answer();
        await clock.settle();
        expect(idle).toBe(true);
      });
    });
  }
});
