import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import type { Clock } from "../contract/index.ts";
import { PooledClock } from "./pooled-clock.ts";

/** Counts the timers that are really set. */
function counting(clock: VirtualClock): { readonly clock: Clock; readonly set: () => number } {
  let set = 0;
  return {
    clock: {
      now: () => clock.now(),
      wall: () => clock.wall(),
      soon: (run) => clock.soon(run),
      after: (ms, run) => {
        set += 1;
        return clock.after(ms, run);
      },
    },
    set: () => set,
  };
}

describe("a pooled clock", () => {
  it("rings as the clock below would, whatever is set and cancelled when", async () => {
    const step = fc.record({
      ms: fc.constantFrom(5, 10, 10, 10, 7.5),
      waitMs: fc.nat(4),
      cancel: fc.option(fc.nat(20)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const below = new VirtualClock();
        const pooled = new PooledClock(below);
        const rung: [string, number, number][] = [];
        const timers = steps.flatMap(() => []) as { cancel(): void }[][];
        for (const [index, { ms, waitMs, cancel }] of steps.entries()) {
          const pair = ([["pooled", pooled], ["plain", below]] as const).map(([name, clock]) =>
            clock.after(ms, () => rung.push([name, index, below.now()])),
          ); // biome-ignore format: one pair
          timers.push(pair);
          if (cancel !== null) for (const timer of timers[cancel] ?? []) timer.cancel();
          await below.advance(waitMs);
        }
        await below.advance(100);
        const of = (name: string) =>
          rung
            .filter(([who]) => who === name)
            .map(([, index, at]) => `${index} at ${at}`)
            .sort();
        expect(of("pooled")).toEqual(of("plain"));
      }),
      { numRuns: 200 },
    );
  });

  it("sets one timer for thousands of alarms of one length that are cancelled", async () => {
    const below = new VirtualClock();
    const { clock, set } = counting(below);
    const pooled = new PooledClock(clock);
    const first = pooled.after(1_000, () => expect.unreachable());
    for (let index = 0; index < 10_000; index += 1) pooled.after(1_000, () => expect.unreachable()).cancel();
    expect(set()).toBe(1);
    first.cancel();
    await below.advance(5_000);
    let rung = 0;
    pooled.after(1_000, () => {
      rung = below.now();
    });
    await below.advance(5_000);
    expect(rung).toBe(6_000);
  });

  it("keeps no timer when nothing is set: it would keep the process alive", () => {
    const cancelled: number[] = [];
    const below = new VirtualClock();
    const pooled = new PooledClock({
      now: () => below.now(),
      wall: () => below.wall(),
      soon: (run) => below.soon(run),
      after: (ms) => ({ cancel: () => cancelled.push(ms) }),
    });
    const timers = [1, 2, 3].map(() => pooled.after(300_000, () => {}));
    for (const timer of timers) timer.cancel();
    expect(cancelled).toEqual([300_000]);
  });

  it("leaves alone what has a length of its own", async () => {
    const below = new VirtualClock();
    const { clock, set } = counting(below);
    const pooled = new PooledClock(clock);
    for (let index = 0; index < 100; index += 1) pooled.after(index + 0.5, () => {});
    expect(set()).toBe(100);
  });
});
