import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import { UNLIMITED } from "../contract/index.ts";
import { CreditBuffer } from "./credit-buffer.ts";

const never = new AbortController().signal;

/** A buffer before a broker that is played by the test; `stock` is what it has at hand and pushes as soon as it may. */
function setUp(lingerMs = 0, stock: string[] = []) {
  const clock = new VirtualClock();
  const told: [frames: number, waitMs: number][] = [];
  const released: string[] = [];
  const buffer: CreditBuffer<string> = new CreditBuffer({
    clock,
    lingerMs,
    credit(frames, waitMs) {
      told.push([frames, waitMs]);
      const now = stock.splice(0, frames);
      if (now.length > 0) buffer.push(now);
    },
    release: (items) => void released.push(...items),
  });
  const receive = (max: number, waitMs = 0, signal = never) => buffer.receive({ max, waitMs, leaseMs: 1_000 }, signal);
  return { clock, told, released, buffer, receive };
}

describe("a credit buffer", () => {
  it("gives credit for what is waited for, and takes back what an answer leaves", async () => {
    const { told, buffer, receive } = setUp();
    const waiting = receive(5, 1_000);
    expect(told).toEqual([[5, 1_000]]);
    buffer.push(["a", "b"]);
    expect(await waiting).toEqual(["a", "b"]);
    expect(told).toEqual([
      [5, 1_000],
      [0, 0],
    ]);
  });

  it("serves those who wait in turn, each with its own most", async () => {
    const { told, buffer, receive } = setUp();
    const all = [receive(2, 1_000), receive(3, 2_000), receive(1, 500)];
    expect(told.at(-1)).toEqual([6, 2_000]);
    buffer.push(["a", "b", "c"]);
    expect(await Promise.all(all.slice(0, 2))).toEqual([["a", "b"], ["c"]]);
    expect(told.at(-1)).toEqual([1, 500]);
  });

  it("answers at once with what lies here, or is at hand", async () => {
    const { buffer, receive } = setUp(0, ["at hand"]);
    expect(await receive(5)).toEqual(["at hand"]);
    expect(await receive(5)).toEqual([]);
    buffer.push(["a", "b", "c"]);
    expect(await receive(2)).toEqual(["a", "b"]);
    expect(await receive(2, 1_000)).toEqual(["c"]);
  });

  it("answers with nothing when the wait is over, and takes the credit back", async () => {
    const { clock, told, receive } = setUp();
    const waiting = receive(5, 500);
    await clock.advance(500);
    expect(await waiting).toEqual([]);
    expect(told.at(-1)).toEqual([0, 0]);
  });

  it("ends a wait when its signal fires; what comes all the same goes to the next receive", async () => {
    const { told, buffer, receive } = setUp(UNLIMITED);
    const controller = new AbortController();
    const waiting = receive(5, 10_000, controller.signal);
    controller.abort();
    expect(await waiting).toEqual([]);
    expect(told.at(-1)).toEqual([0, 0]);
    buffer.push(["late"]);
    expect(await receive(5, 0, controller.signal)).toEqual([]);
    expect(await receive(5, 1_000)).toEqual(["late"]);
  });

  it("leaves credit open for a while after an answer, then takes back it and what it brought", async () => {
    const { clock, told, released, buffer, receive } = setUp(1_000);
    const waiting = receive(5, 10_000);
    buffer.push(["a"]);
    expect(await waiting).toEqual(["a"]);
    expect(told).toEqual([[5, 10_000]]);
    buffer.push(["b", "c"]);
    await clock.advance(999);
    expect([released, told.length]).toEqual([[], 1]);
    await clock.advance(1);
    expect(released).toEqual(["b", "c"]);
    expect(told.at(-1)).toEqual([0, 0]);
  });

  it("counts what it holds against new credit", async () => {
    const { told, buffer, receive } = setUp(1_000);
    const waiting = receive(5, 10_000);
    buffer.push(["a"]);
    await waiting;
    buffer.push(["b", "c"]);
    expect(await receive(5, 10_000)).toEqual(["b", "c"]);
    expect(told).toEqual([
      [5, 10_000],
      [3, 0],
    ]);
  });

  it("takes credit back at max 0, and gives back what nobody asked for", async () => {
    const { told, released, buffer, receive } = setUp(60_000);
    const waiting = receive(5, 10_000);
    buffer.push(["a"]);
    await waiting;
    buffer.push(["b"]);
    expect(await receive(0)).toEqual([]);
    expect([released, told.at(-1), buffer.size]).toEqual([["b"], [0, 0], 0]);
  });

  it("tells a new connection what is waited for, and forgets what the old one brought", async () => {
    const { told, released, buffer, receive } = setUp(60_000);
    buffer.push(["stale"]);
    buffer.reopen();
    expect([buffer.size, released]).toEqual([0, []]);
    const waiting = receive(3, 10_000);
    buffer.reopen();
    expect(told).toEqual([
      [3, 10_000],
      [3, 10_000],
    ]);
    buffer.push(["fresh"]);
    expect(await waiting).toEqual(["fresh"]);
  });

  it("ends all waiting, and gives back whatever comes after", async () => {
    const { released, buffer, receive } = setUp();
    const waiting = receive(3, 10_000);
    buffer.end();
    expect(await waiting).toEqual([]);
    buffer.push(["late"]);
    expect([released, await receive(3, 10_000)]).toEqual([["late"], []]);
  });

  it("leaves no timer behind", async () => {
    const { clock, told, buffer, receive } = setUp(1_000);
    const waiting = receive(1, 5_000);
    buffer.push(["a"]);
    await waiting;
    const calls = told.length;
    await clock.advance(60_000);
    expect(told.length).toBe(calls);
  });

  it("loses nothing and gives nothing twice, whatever is asked, pushed and aborted", async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("receive" as const), max: fc.nat(5), waitMs: fc.constantFrom(0, 10, 50) }),
      fc.record({ do: fc.constant("push" as const), count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant("abort" as const), which: fc.nat() }),
      fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 40 }) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.constantFrom(0, 20, UNLIMITED),
        async (steps, lingerMs) => {
          const { clock, released, buffer, receive } = setUp(lingerMs);
          const aborts: AbortController[] = [];
          const answers: Promise<void>[] = [];
          const got: string[] = [];
          let pushed = 0;
          for (const one of steps) {
            if (one.do === "receive") {
              const controller = new AbortController();
              aborts.push(controller);
              const answer = Promise.resolve(receive(one.max, one.waitMs, controller.signal)).then((items) => {
                expect(items.length).toBeLessThanOrEqual(one.max);
                got.push(...items);
              });
              answers.push(answer);
            } else if (one.do === "push") buffer.push(Array.from({ length: one.count }, () => String(pushed++)));
            else if (one.do === "abort") aborts[one.which % Math.max(1, aborts.length)]?.abort();
            else await clock.advance(one.ms);
          }
          buffer.end();
          await Promise.all(answers);
          expect([...got, ...released].map(Number).sort((one, other) => one - other)).toEqual(
            Array.from({ length: pushed }, (_, at) => at),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});
