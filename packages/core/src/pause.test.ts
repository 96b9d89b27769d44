import { describe, expect, it } from "vitest";
import { WatchedClock } from "./memory/testing.ts";
import { pause, within } from "./pause.ts";

describe("a pause", () => {
  const resolvedAt = async (run: (clock: WatchedClock) => Promise<void>) => {
    const clock = new WatchedClock();
    let atMs: number | undefined;
    void run(clock).then(() => {
      atMs = clock.now();
    });
    await clock.advanceUntil(() => atMs !== undefined, 60_000);
    return [atMs, clock.set.size];
  };
  const abortAt = (clock: WatchedClock, ms: number) => {
    const controller = new AbortController();
    clock.after(ms, () => controller.abort());
    return controller.signal;
  };

  it("lasts as long as it is told, or until the signal; no timer stays behind", async () => {
    expect(await resolvedAt((clock) => pause(clock, 500))).toEqual([500, 0]);
    expect(await resolvedAt((clock) => pause(clock, 500, abortAt(clock, 200)))).toEqual([200, 0]);
    expect(await resolvedAt((clock) => pause(clock, 500, AbortSignal.abort()))).toEqual([0, 0]);
  });

  it("within: as long as a promise takes, or as it is told", async () => {
    const after = (clock: WatchedClock, ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
    expect(await resolvedAt((clock) => within(clock, after(clock, 200), 500))).toEqual([200, 0]);
    expect(await resolvedAt((clock) => within(clock, after(clock, 900), 500))).toEqual([500, 1]);
    expect(await resolvedAt((clock) => within(clock, Promise.reject(new Error("no")), 500))).toEqual([0, 0]);
  });
});
