import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { CallCode, Delivery, Want } from "../contract/index.ts";
import { workQueue } from "../queues.ts";
import { outFrame } from "../testing/frames.ts";
import { BrokerError, deliveriesOf, scripted } from "../testing/scripted-backend.ts";
import { Fetcher } from "./fetcher.ts";

const LEASE_MS = 30_000;

function start(leaseMs = LEASE_MS, pollMs = 0) {
  const { clock, backend, calls, random } = scripted({ pollMs });
  const stop = new AbortController();
  const wants: Want[] = [];
  const askedAt: number[] = [];
  const granted: unknown[] = [];
  const pending: ((deliveries: readonly Delivery[] | CallCode) => void)[] = [];
  const port = { credit: 3, taking: Promise.resolve(), isMeasured: false };
  backend.onReceive = (_, want, signal) => {
    wants.push(want);
    askedAt.push(clock.now());
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => resolve([]), { once: true });
      pending.push((answer) => (typeof answer === "string" ? reject(new BrokerError(answer)) : resolve(answer)));
    });
  };
  const fetcher = new Fetcher({
    stands: () => true,
    isMeasured: () => port.isMeasured,
    answered: () => {},
    calls,
    clock,
    random,
    leaseMs,
    queue: workQueue("default"),
    credit: (pending) => Math.max(0, port.credit - pending),
    granted: async (deliveries, requestedAt, full) => {
      granted.push([deliveries.length, requestedAt, full]);
      await port.taking;
    },
  });
  const run = fetcher.run(stop.signal);
  /** Answers the receive that waits. */
  const answer = async (what: number | CallCode) => {
    pending.shift()?.(typeof what === "string" ? what : deliveriesOf(Array.from({ length: what }, () => outFrame())));
    await clock.settle();
  };
  return { clock, fetcher, stop, run, wants, askedAt, granted, port, answer };
}

describe("Fetcher", () => {
  it.each([
    [2_000, 2_000],
    [20_000, 10_000],
  ])("stands no longer than a poll that cannot be called back, of %d ms: a stop waits for it", (pollMs, waitMs) => {
    expect(start(LEASE_MS, pollMs).wants).toMatchObject([{ waitMs }]);
  });

  it("asks for what there is room for, hands it on, asks again", async () => {
    const { clock, wants, granted, port, answer, stop, run } = start();
    await answer(2);
    port.credit = 1;
    await clock.advance(10);
    await answer(3);
    await clock.settle();
    expect(wants).toEqual([3, 3, 1].map((max) => ({ max, waitMs: 10_000, leaseMs: LEASE_MS })));
    expect(granted).toEqual([
      [2, 0, false],
      [3, 0, true],
    ]);
    stop.abort();
    await run;
  });

  it.each([
    [300, 100],
    [60_000, 20_000],
    [600_000, 20_000],
  ])("waits for a third of a lease of %d ms, but for 20 s at most", async (leaseMs, waitMs) => {
    const { wants, stop, run } = start(leaseMs);
    expect(wants[0]?.waitMs).toBe(waitMs);
    stop.abort();
    await run;
  });

  it("does not stand for one frame after the other for ever: how far away the broker is has to be known", async () => {
    const { wants, granted, port, answer, stop, run } = start();
    await answer(1);
    port.credit = 1;
    await answer(0);
    await answer(1);
    await answer(0);
    await answer(1);
    await answer(1);
    port.isMeasured = true;
    await answer(1);
    expect(wants.map(({ max, waitMs }) => [max, waitMs > 0])).toEqual([
      [3, true],
      [3, true],
      [1, true],
      // It brought one: is there another? No: so there is no hurry.
      [1, false],
      [1, true],
      [1, false],
      // It brought one, and that took as long as a round trip.
      [1, true],
      [1, true],
    ]);
    expect(granted.map((grant) => (grant as unknown[])[2])).toEqual([false, false, false, true, false]);
    stop.abort();
    await run;
  });

  it("takes nothing in for an empty answer, and asks again at once", async () => {
    const { granted, wants, answer, askedAt } = start();
    await answer(0);
    await answer(0);
    expect(granted).toEqual([]);
    expect(wants).toHaveLength(3);
    expect(askedAt).toEqual([0, 0, 0]);
  });

  it("asks for nothing more before what came was taken in", async () => {
    const { clock, wants, port, answer } = start();
    let taken!: () => void;
    port.taking = new Promise((resolve) => {
      taken = resolve;
    });
    await answer(1);
    await clock.advance(1_000);
    expect(wants).toHaveLength(1);
    taken();
    await clock.settle();
    expect(wants).toHaveLength(2);
  });

  it("asks again before what came is taken in, where that was all that it wanted and there is room beside it", async () => {
    const { clock, wants, granted, port, answer, stop, run } = start();
    let taken!: () => void;
    port.taking = new Promise((resolve) => {
      taken = resolve;
    });
    port.credit = 5;
    await answer(3);
    await clock.advance(10);
    expect(wants.map(({ max }) => max)).toEqual([3, 2]);
    await answer(2);
    await clock.advance(10);
    // What came ahead waits until what came before it is taken in.
    expect([granted.length, wants.length]).toEqual([1, 2]);
    stop.abort();
    taken();
    await run;
    // Also after the signal: it was granted, and somebody has to give it back.
    expect(granted).toEqual([
      [3, 0, true],
      [2, 0, true],
    ]);
    expect(wants).toHaveLength(2);
  });

  it("without room it asks for nothing, until it is woken and there is some", async () => {
    const { clock, wants, fetcher, port, answer, stop, run } = start();
    port.credit = 0;
    await answer(3);
    await clock.advance(100_000);
    expect(wants).toHaveLength(1);
    fetcher.wake();
    await clock.settle();
    expect(wants).toHaveLength(1);
    port.credit = 2;
    fetcher.wake();
    fetcher.wake();
    await clock.settle();
    expect(wants.map(({ max }) => max)).toEqual([3, 2]);
    stop.abort();
    await run;
  });

  it.each<CallCode>(["UNAVAILABLE", "THROTTLED", "DENIED", "MISSING"])(
    "after %s it comes back, more slowly each time, every 2 s at most",
    async (code) => {
      const { clock, askedAt, answer, stop, run } = start();
      for (let failure = 0; failure < 8; failure += 1) {
        await answer(code);
        await clock.advance(1_000);
      }
      const gaps = askedAt.slice(1).map((at, index) => at - (askedAt[index] as number));
      // Half of 100 ms × 2ⁿ, rounded up to when the test looked again.
      expect(gaps[0]).toBe(50);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(2_000);
      expect(gaps.every((gap) => gap > 0)).toBe(true);
      expect(askedAt).toHaveLength(9);
      stop.abort();
      await run;
    },
  );

  it("forgets its failures at the first answer", async () => {
    const { clock, askedAt, answer } = start();
    for (let failure = 0; failure < 5; failure += 1) {
      await answer("UNAVAILABLE");
      await clock.advance(2_000);
    }
    await answer(0);
    const from = askedAt.length;
    await answer("UNAVAILABLE");
    await clock.advance(50);
    expect(askedAt).toHaveLength(from + 1);
  });

  it.each<[string, (seen: ReturnType<typeof start>) => Promise<void>]>([
    ["waits for an answer", async () => {}],
    [
      "waits for room",
      async ({ port, answer }) => {
        port.credit = 0;
        await answer(3);
      },
    ],
    ["waits after a failure", ({ answer }) => answer("UNAVAILABLE")],
  ])("ends at once when its signal fires while it %s", async (_, before) => {
    const seen = start();
    await before(seen);
    seen.stop.abort();
    await seen.run;
    const asked = seen.wants.length;
    await seen.clock.advance(100_000);
    expect(seen.wants).toHaveLength(asked);
    expect(getEventListeners(seen.stop.signal, "abort")).toEqual([]);
  });

  it("lets a receive that is under way end by itself where only the next one is not wanted", async () => {
    const { clock, fetcher, wants, granted, answer, stop, run, port } = start();
    // The first run is the bench's own.
    port.credit = 3;
    stop.abort();
    await run;
    const [asks, calls] = [new AbortController(), new AbortController()];
    const second = fetcher.run(asks.signal, calls.signal);
    await clock.settle();
    asks.abort();
    await answer(0);
    await answer(2);
    await second;
    expect([granted, wants.length]).toEqual([[[2, 0, false]], 2]);
  });

  it("hands on what an aborted receive still brought", async () => {
    const { granted, answer, stop, run } = start();
    const answered = answer(2);
    stop.abort();
    await answered;
    await run;
    expect(granted).toEqual([[2, 0, false]]);
  });
});
