import { performance } from "node:perf_hooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock, VirtualClock } from "./clock.ts";

const DAY_MS = 86_400_000;

describe("the virtual clock", () => {
  it("stands still until it is moved", async () => {
    const clock = new VirtualClock();
    expect([clock.now(), clock.wall()]).toEqual([0, 1_700_000_000_000]);
    await clock.settle();
    expect(clock.now()).toBe(0);
    await clock.advance(5.5);
    expect([clock.now(), clock.wall()]).toEqual([5.5, 1_700_000_000_005.5]);
    expect(new VirtualClock({ wallMs: 7 }).wall()).toBe(7);
  });

  it("fires in the order of the times, and of setting where they are equal, each at its own time", async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    for (const [name, ms] of [
      ["c", 20],
      ["a", 10],
      ["d", 20],
      ["b", 10],
      ["now", 0],
      ["past", -5],
      ["e", 20],
    ] as const)
      clock.after(ms, () => fired.push(`${name}@${clock.now()}`));
    await clock.advance(19.999);
    expect(fired).toEqual(["now@0", "past@0", "a@10", "b@10"]);
    await clock.advance(0.001);
    expect(fired.slice(4)).toEqual(["c@20", "d@20", "e@20"]);
  });

  it("fires what is set on the way, once it is due within the same move", async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    const tick = () => {
      fired.push(clock.now());
      clock.after(10, tick);
    };
    clock.after(10, tick);
    await clock.advance(35);
    expect(fired).toEqual([10, 20, 30]);
    expect(clock.now()).toBe(35);
  });

  it("does not fire what was cancelled; cancelling twice, or after it fired, does nothing", async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    const one = clock.after(1, () => fired.push("one"));
    const two = clock.after(2, () => fired.push("two"));
    clock.after(1, () => two.cancel());
    await clock.advance(5);
    one.cancel();
    two.cancel();
    two.cancel();
    await clock.advance(5);
    expect(fired).toEqual(["one"]);
  });

  it("runs promises and `soon` to their end between two timers", async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    clock.after(1, () => {
      void Promise.resolve()
        .then(() => {})
        .then(() => {
          seen.push("promise");
          clock.soon(() => {
            seen.push("soon");
            clock.soon(() => seen.push("soon after soon"));
          });
        });
    });
    clock.after(2, () => seen.push("next"));
    await clock.advance(2);
    expect(seen).toEqual(["promise", "soon", "soon after soon", "next"]);
  });

  it("advanceUntil stops at what was waited for, and says so", async () => {
    const clock = new VirtualClock();
    let count = 0;
    const tick = () => {
      count += 1;
      clock.after(100, tick);
    };
    clock.after(100, tick);
    expect(await clock.advanceUntil(() => count === 3)).toBe(true);
    expect(clock.now()).toBe(300);
    expect(await clock.advanceUntil(() => count === 3)).toBe(true);
    expect(clock.now()).toBe(300);
  });

  it("advanceUntil gives up at its limit, and where nothing can happen any more", async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    clock.after(50, () => fired.push(50));
    clock.after(150, () => fired.push(150));
    expect(await clock.advanceUntil(() => false, 100)).toBe(false);
    expect(fired).toEqual([50]);
    expect(await clock.advanceUntil(() => false)).toBe(false);
    expect(fired).toEqual([50, 150]);
  });

  it("takes forty days in no time", async () => {
    const clock = new VirtualClock();
    let fired = false;
    clock.after(40 * DAY_MS, () => {
      fired = true;
    });
    await clock.advance(40 * DAY_MS - 1);
    expect(fired).toBe(false);
    await clock.advance(1);
    expect(fired).toBe(true);
  });
});

describe("the system's clock", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "hrtime"] });
    const startedAt = performance.now();
    const from = process.hrtime.bigint();
    vi.spyOn(performance, "now").mockImplementation(() => startedAt + Number(process.hrtime.bigint() - from) / 1e6);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("is near the machine's, never falls, and is not moved by a jump of it", () => {
    const clock = systemClock();
    expect(Math.abs(clock.wall() - Date.now())).toBeLessThan(1_000);
    const before = [clock.now(), clock.wall()] as const;
    vi.spyOn(Date, "now").mockReturnValue(before[1] + 3_600_000);
    const later = systemClock();
    expect(later.now()).toBeGreaterThanOrEqual(before[0]);
    expect(later.wall() - before[1]).toBeLessThan(60_000);
    expect(later.wall()).toBeGreaterThanOrEqual(before[1]);
  });

  it.each([
    [1, 1],
    [1_000, 1_000],
    [30 * DAY_MS, 30 * DAY_MS],
    [100 * DAY_MS, 100 * DAY_MS],
  ])("calls once after %d ms, also where Node's own timers end at 24.8 days", (ms, dueMs) => {
    const run = vi.fn();
    systemClock().after(ms, run);
    vi.advanceTimersByTime(dueMs - 1);
    expect(run).toHaveBeenCalledTimes(0);
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(DAY_MS);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it.each([0, -10, Number.NEGATIVE_INFINITY])("calls after %d ms as soon as it can, never at once", (ms) => {
    const run = vi.fn();
    systemClock().after(ms, run);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["before its first part is over", 1],
    ["after it", 29 * DAY_MS],
  ])("does not call what was cancelled %s", (_, ms) => {
    const run = vi.fn();
    const timer = systemClock().after(30 * DAY_MS, run);
    vi.advanceTimersByTime(ms);
    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(run).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a process", () => {
  it("is never called early, though Node counts in whole ms", async () => {
    const clock = systemClock();
    const early: number[] = [];
    for (let round = 0; round < 30; round += 1) {
      const dueAt = clock.now() + 3.7;
      await new Promise<void>((resolve) => void clock.after(3.7, resolve));
      if (clock.now() < dueAt) early.push(dueAt - clock.now());
    }
    expect(early).toEqual([]);
  });

  it("is kept alive by a timer, but not by one in the background", () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    const timers = [systemClock().after(60_000, () => {}), systemClock().after(60_000, () => {}, true)];
    expect(set.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([true, false]);
    for (const timer of timers) timer.cancel();
    set.mockRestore();
  });

  it("comes to `soon` after what is ready now", async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock().soon(() => {
        order.push("soon");
        resolve();
      });
      void Promise.resolve().then(() => order.push("promise"));
      order.push("now");
    });
    expect(order).toEqual(["now", "promise", "soon"]);
  });
});
